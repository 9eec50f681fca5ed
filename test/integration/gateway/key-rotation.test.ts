import { decodeProtectedHeader } from 'jose';
import { createIssuerVerifier } from '../../../src/platform/identity/create-issuer-verifier';
import { startGateway, startService } from '../../helpers/start-gateway';
import { adminToken, startIssuer } from '../../helpers/start-issuer';

// More than the half second for which a verifier does not ask for keys again.
const keyLeadMs = 600;
const deadlineMs = 20_000;

it('rotates the signing key under load without one failed request, twice', async () => {
  const issuer = await startIssuer({ keyLeadMs });
  const service = await startService();
  const gateway = await startGateway({ issuer: issuer.issuer, origin: service.origin });
  const signers = new Set<string | undefined>();
  const statuses = new Map<number, number>();
  const rotate = async () => {
    const headers = { authorization: `Bearer ${adminToken}` };
    const answer = await fetch(`${issuer.adminUrl}/keys/rotate`, { method: 'POST', headers });
    expect(answer.status).toBe(202);
  };
  // The first token of each key: it has to stay good after its key was replaced.
  const kept: string[] = [];
  const request = async (token: string): Promise<void> => {
    const { status } = await fetch(`${gateway.url}/v1/tenants`, { headers: { authorization: `Bearer ${token}` } });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  };
  try {
    const deadline = Date.now() + deadlineMs;
    while (signers.size < 3 && Date.now() < deadline) {
      const token = await issuer.operatorToken();
      const { kid } = decodeProtectedHeader(token);
      if (!signers.has(kid)) {
        signers.add(kid);
        kept.push(token);
        if (signers.size < 3) await rotate();
      }
      await Promise.all([request(token), request(token), request(kept[0] as string)]);
    }
    expect(signers.size).toBe(3);
    expect([...statuses.keys()]).toEqual([200]);
    // A gateway that starts now has seen none of them.
    const verify = createIssuerVerifier({ issuer: issuer.issuer });
    const verified = await Promise.all(kept.map(async (token) => verify(token)));
    expect(verified.map(({ subject }) => subject)).toEqual(['operator', 'operator', 'operator']);
  } finally {
    await gateway.stop();
    await service.stop();
    await issuer.remove();
  }
});
