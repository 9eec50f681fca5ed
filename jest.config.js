// ESM-only packages in the tree are compiled on the fly; everything else in node_modules is taken as it is.
const esmOnly = ['cookie', 'set-cookie-parser', 'jose', 'oidc-provider', 'commander'];
const swc = { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } };
const project = (displayName) => ({
  displayName,
  testEnvironment: '<rootDir>/test/helpers/native-arrays-environment.js',
  testMatch: [`<rootDir>/test/${displayName}/**/*.test.ts`],
  transform: { '\\.[jt]s$': ['@swc/jest', swc] },
  transformIgnorePatterns: [`node_modules/(?!(${esmOnly.join('|')})/)`],
});
module.exports = {
  testTimeout: 60_000,
  projects: [project('unit'), project('infra'), project('integration'), project('e2e')],
};
