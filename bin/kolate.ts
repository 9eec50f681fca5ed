import { App } from 'aws-cdk-lib';
import { createPlatformApp, environmentNamed } from '../lib/platform-app';

// The CDK CLI hands its context over in the process environment, where any App finds it: `-c env=prod`.
const name: unknown = new App().node.tryGetContext('env');
createPlatformApp(environmentNamed(typeof name === 'string' ? name : 'dev')).synth();
