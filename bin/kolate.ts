import '../lib/compile-cache';
import { environmentNamed } from '../lib/config/environments';
import { addPlatform, createApp } from '../lib/platform-app';

const app = createApp();
const name: unknown = app.node.tryGetContext('env');
addPlatform(app, environmentNamed(typeof name === 'string' ? name : 'dev')).synth();
