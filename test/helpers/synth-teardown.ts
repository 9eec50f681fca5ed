export { tearDownSynthesis as default } from './synth-setup';
