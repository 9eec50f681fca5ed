import '../lib/compile-cache';
import { clearStacks } from '../lib/assembly/clear-stacks';
import { environmentNamed } from '../lib/config/environments';
import { addPlatform, createApp } from '../lib/platform-app';

// What fails to synthesize leaves nothing to deploy by mistake: no stacks of before or of another environment, and none of
// an app that was not finished, which the CDK would write at the end of the process.
const app = createApp({ autoSynth: false });
clearStacks(app.outdir);
const name: unknown = app.node.tryGetContext('env');
try {
  addPlatform(app, environmentNamed(typeof name === 'string' ? name : 'dev')).synth();
} catch (error) {
  // A literal that is not right is told in a line for each fault; of anything else it matters where it happened.
  const isLiteral = error instanceof Error && error.message.startsWith('environment: ');
  console.error(isLiteral ? error.message : error);
  process.exitCode = 1;
}
