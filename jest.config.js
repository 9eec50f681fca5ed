// ESM-only packages in the tree, and one that imports as it runs, which a jest context cannot, are compiled on the fly;
// everything else in node_modules is taken as it is.
const esmOnly = [
  'cookie',
  'set-cookie-parser',
  'jose',
  'oidc-provider',
  'commander',
  '@seriousme',
  '@opentelemetry/otlp-exporter-base',
];
const swc = { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } };
/** Engines are started when a test asks for one, and ended after the last. */
const withEngines = {
  globalSetup: '<rootDir>/test/helpers/engines-setup.ts',
  globalTeardown: '<rootDir>/test/helpers/engines-teardown.ts',
};
/** Each environment is synthesized once a run, when a test asks for it. */
const withSynthesis = {
  globalSetup: '<rootDir>/test/helpers/synth-setup.ts',
  globalTeardown: '<rootDir>/test/helpers/synth-teardown.ts',
};
const project = (displayName, more = {}) => ({
  displayName,
  ...more,
  testEnvironment: '<rootDir>/test/helpers/native-arrays-environment.js',
  testMatch: [`<rootDir>/test/${displayName}/**/*.test.ts`],
  transform: { '\\.[cm]?[jt]s$': ['@swc/jest', swc] },
  transformIgnorePatterns: [`node_modules/(?!(${esmOnly.join('|')})/)`],
});
module.exports = {
  testTimeout: 60_000,
  projects: [
    project('unit'),
    project('infra', withSynthesis),
    project('integration', withEngines),
    project('e2e', withEngines),
  ],
};
