import { createApp } from '../lib/platform-app';
import { addEverything } from './aws/everything';

// What the tests' invariants look at beside the environments; `cdk` and users have no part in it.
addEverything(createApp()).synth();
