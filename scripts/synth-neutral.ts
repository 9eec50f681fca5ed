import { checkEnvironment } from '../lib/config/check-environment';
import { environmentNamed } from '../lib/config/environments';
import { addPlatform, createApp } from '../lib/platform-app';
import { neutral } from './aws/neutral';

// What is reviewed as text comes from it, without what is an account's own; `cdk` and users have no part in it.
const app = createApp();
addPlatform(app, checkEnvironment(neutral(environmentNamed(String(app.node.tryGetContext('env')))))).synth();
