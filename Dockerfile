# For development on hosts that are neither Debian nor Ubuntu: what `npm start` and `npm test` need, and nothing of Kolate.
#   docker build -t kolate-dev .
#   docker run --rm -it -v "$PWD:/kolate" -p 8080:8080 kolate-dev npm start
FROM node:24-bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends \
      ca-certificates git golang-go maven openjdk-17-jdk-headless patchelf python3-venv sudo \
 && rm -rf /var/lib/apt/lists/* \
 && echo 'node ALL=(ALL) NOPASSWD: /usr/bin/chown' > /etc/sudoers.d/node
USER node
WORKDIR /kolate
