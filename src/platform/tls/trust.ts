/**
 * Whether a server is spoken to over TLS, and whom is believed: `true` whomever this process trusts
 * (`trustCertificates`), `ca` the one certificate (PEM) alone.
 */
export type Trust = boolean | { readonly ca: string };
