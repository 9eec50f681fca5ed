# For development on hosts that are neither Debian nor Ubuntu: what `npm start` and `npm test` need, and nothing of Kolate.
#   docker build -t kolate-dev .
#   docker run --rm -it -v "$PWD:/kolate" -p 8080:8080 kolate-dev npm start
FROM golang:1.26-bookworm AS go

FROM node:24-bookworm
RUN apt-get update \
 && apt-get install --yes --no-install-recommends maven openjdk-17-jdk-headless patchelf python3-venv sudo \
 && rm -rf /var/lib/apt/lists/* \
 && echo 'node ALL=(ALL) NOPASSWD: /usr/bin/chown' > /etc/sudoers.d/node
COPY --from=go /usr/local/go /usr/local/go
ENV PATH=/usr/local/go/bin:$PATH
USER node
WORKDIR /kolate
