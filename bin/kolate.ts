import '../lib/compile-cache';
import { environmentNamed } from '../lib/config/environments';
import { addPlatform, createApp } from '../lib/platform-app';

const app = createApp();
const name: unknown = app.node.tryGetContext('env');
try {
  addPlatform(app, environmentNamed(typeof name === 'string' ? name : 'dev')).synth();
} catch (error) {
  // A literal that is not right is told in one line; of anything else it matters where it happened.
  const isLiteral = error instanceof Error && error.message.startsWith('environment: ');
  console.error(isLiteral ? error.message : error);
  process.exitCode = 1;
}
