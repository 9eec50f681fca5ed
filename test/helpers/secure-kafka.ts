import { appendFile, chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../../local/engines/engine';
import { createKafkaEngine, type KafkaEndpoint } from '../../local/engines/kafka-engine';
import type { OwnEngines } from './own-engines';
import type { SelfSigned } from './self-signed';

const login = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required';

/** Milliseconds that a session lives, by listener. */
type Sessions = Readonly<Record<'LONG' | 'BRIEF', number>>;

/**
 * Kafka with listeners as MSK's: TLS, and OAUTHBEARER to sign in, for sessions of two lengths. Tokens are JSON without a
 * signature (`unsignedToken`), where MSK's are signed requests; handshakes, the lives of sessions and their end are the same.
 * @returns host:port of each listener; `plain` is for whoever looks at what has been written
 */
export async function secureKafka(own: OwnEngines, tls: SelfSigned, sessions: Sessions) {
  const place = await own.place('secure-kafka');
  const [long, brief, controllerPort] = [await own.port(), await own.port(), await own.port()];
  const engine = createKafkaEngine({ ...place, controllerPort });
  const pemFile = join(place.dir, 'server.pem');
  const secure = (host: string) => `LONG://${host}:${long},BRIEF://${host}:${brief}`;
  const ofSessions = Object.entries(sessions).flatMap(([listener, ms]) => {
    const prefix = `listener.name.${listener.toLowerCase()}.oauthbearer`;
    return [
      [`${prefix}.connections.max.reauth.ms`, ms],
      [`${prefix}.sasl.jaas.config`, `${login} unsecuredLoginStringClaim_sub="broker";`],
    ];
  });
  // What comes later in a file of properties counts.
  const properties = {
    listeners: `PLAINTEXT://127.0.0.1:${place.port},CONTROLLER://127.0.0.1:${controllerPort},${secure('127.0.0.1')}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${place.port},${secure('localhost')}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LONG:SASL_SSL,BRIEF:SASL_SSL',
    'sasl.enabled.mechanisms': 'OAUTHBEARER',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': pemFile,
    ...Object.fromEntries(ofSessions),
  };
  const secured: Engine<KafkaEndpoint> = {
    ...engine,
    async prepare() {
      await engine.prepare();
      await writeFile(pemFile, tls.key + tls.certificate);
      if (own.paths.user) await chown(pemFile, own.paths.user.uid, own.paths.user.gid);
      const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
      await appendFile(join(place.dir, 'server.properties'), lines.join(''));
    },
  };
  await own.start(secured);
  return { plain: engine.endpoint.brokers, long: `localhost:${long}`, brief: `localhost:${brief}` };
}

/** What Kafka's own validator for tests takes: who it is, from when and until when. */
export function unsignedToken(subject: string, lifeSeconds = 3_600, now = Date.now()): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const seconds = Math.floor(now / 1_000);
  return `${encode({ alg: 'none' })}.${encode({ sub: subject, iat: seconds, exp: seconds + lifeSeconds })}.`;
}
