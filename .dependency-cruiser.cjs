/**
 * Who may import whom: the table of docs/architecture.md as rules. test/unit/architecture plants a violation of each.
 */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { pathNot: allowed },
});

const typebox = 'node_modules/@sinclair/typebox';

module.exports = {
  forbidden: [
    only(
      'contracts-stand-alone',
      '^src/contracts/',
      ['^src/contracts/', typebox],
      'Contracts are data that anyone may read.',
    ),
    only(
      'domain-is-pure',
      '^src/domain/',
      ['^src/(contracts|domain)/', typebox],
      'Rules know no engine, no npm package, no node:.',
    ),
    {
      name: 'platform-knows-no-business',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^(src/(?!contracts/|platform/)|lib/|bin/|local/|cli/|test/)' },
    },
    {
      name: 'services-meet-over-contracts',
      severity: 'error',
      comment: 'A service imports contracts, domain, platform and itself.',
      from: { path: '^src/services/([^/]+)/' },
      to: { path: '^(src/services/|src/handlers/|lib/|bin/|local/|cli/|test/)', pathNot: '^src/services/$1/' },
    },
    {
      name: 'handlers-stand-alone',
      severity: 'error',
      from: { path: '^src/handlers/([^/]+)/' },
      to: {
        path: '^(src/services/|src/handlers/|lib/|bin/|local/|cli/|test/)',
        pathNot: ['^src/handlers/$1/', '^cli/(main-job|run-cli)\\.ts$'],
      },
    },
    {
      name: 'infrastructure-reads-contracts-only',
      severity: 'error',
      from: { path: '^(lib|bin)/' },
      to: { path: '^(src/(?!contracts/)|local/|cli/|test/)' },
    },
    {
      name: 'local-imports-app-factories-only',
      severity: 'error',
      comment: 'Of a service, one machine sees the factory that main.ts calls and nothing behind it.',
      from: { path: '^local/' },
      to: { path: '^(src/services/|lib/|test/)', pathNot: ['^src/services/[^/]+/[^/]*app\\.ts$', '^lib/config/'] },
    },
    {
      name: 'cli-speaks-http',
      severity: 'error',
      comment: 'Of infrastructure it sees the environments, to look at an account before a deployment.',
      from: { path: '^cli/' },
      to: { path: '^(src/(services|handlers|domain)/|lib/|bin/|test/)', pathNot: '^lib/config/' },
    },
    {
      name: 'kafkajs-behind-its-port',
      severity: 'error',
      from: { pathNot: '^src/platform/kafka/' },
      to: { path: 'node_modules/kafkajs' },
    },
    {
      name: 'aws-cdk-in-infrastructure-only',
      severity: 'error',
      from: { pathNot: '^(lib|bin|test/infra)/' },
      to: { path: 'node_modules/(aws-cdk-lib|constructs)/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'nothing-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: true,
  },
};
