import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { KolateError } from '../../contracts/errors';

/**
 * From now on this process takes servers for genuine that the authorities in `file` (PEM) vouch for, beside those that it
 * knows already: AWS' databases have certificates of authorities that no system knows. Without a file nothing changes.
 * @throws KolateError KLT_CONFIG_INVALID when there are no certificates in it
 */
export function trustCertificates(file: string | undefined): void {
  if (file === undefined) return;
  try {
    setDefaultCACertificates([...getCACertificates('default'), ...certificatesIn(readFileSync(file, 'utf8'))]);
  } catch (error) {
    throw new KolateError('KLT_CONFIG_INVALID', `${file} holds no certificates`, { cause: error });
  }
}

function certificatesIn(text: string): string[] {
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (!found) throw new Error('no certificate in it');
  return found;
}
