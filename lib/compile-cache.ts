import { enableCompileCache } from 'node:module';

// Some 400 files of the CDK are compiled once a machine, and not at each synthesis: an eighth of its time. To be imported
// before all else.
enableCompileCache();
