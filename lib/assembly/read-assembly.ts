import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Acknowledgement, AssembledStack, Assembly, Template } from './assembly';

type Metadata = Readonly<Record<string, readonly { readonly type: string; readonly data?: unknown }[]>>;
type Artifact = {
  readonly type: string;
  readonly environment?: string;
  readonly dependencies?: readonly string[];
  readonly properties?: { readonly templateFile: string; readonly terminationProtection?: boolean };
  readonly metadata?: Metadata;
  readonly additionalMetadataFile?: string;
};

/**
 * Reads a folder that the CDK wrote (`cdk.out`).
 * @throws Error when there is none, or when its stacks are of no platform
 */
export function readAssembly(folder: string): Assembly {
  const manifest = join(folder, 'manifest.json');
  if (!existsSync(manifest)) throw new Error(`${folder} is no assembly; expected one: npm run synth writes it`);
  const { artifacts } = readJson<{ artifacts: Record<string, Artifact> }>(manifest);
  const stacks: AssembledStack[] = [];
  const acknowledgements: Acknowledgement[] = [];
  for (const [name, artifact] of Object.entries(artifacts)) {
    if (artifact.type !== 'aws:cloudformation:stack' || !artifact.properties) continue;
    const metadata = metadataOf(folder, artifact);
    stacks.push(readStack(folder, name, artifact, metadata, artifacts));
    acknowledgements.push(...acknowledgementsIn(metadata));
  }
  const environment = stacks.find(({ part }) => part === 'network')?.name.replace(/^kolate-(.+)-network$/, '$1');
  if (environment === undefined)
    throw new Error(`${folder} holds no stack kolate-<environment>-network; expected the stacks of an environment`);
  const named = stacks.map((stack) => withPart(stack, environment));
  return { environment, stacks: named, acknowledgements, ...tenantTemplate(folder, named) };
}

/** A file asset of the provisioning stack that is a template itself. */
function tenantTemplate(folder: string, stacks: readonly AssembledStack[]): Pick<Assembly, 'tenant'> {
  const stack = stacks.find(({ part }) => part === 'provisioning');
  if (!stack) return {};
  const { files } = readJson<{ files: Record<string, { source: { path: string } }> }>(
    join(folder, `${stack.name}.assets.json`),
  );
  for (const { source } of Object.values(files)) {
    const file = join(folder, source.path);
    if (file === stack.file || !file.endsWith('.json')) continue;
    const template = readJson<Template>(file);
    if (!template.Parameters?.TenantId) continue;
    const tenant = { ...stack, name: 'kolate-tenant', part: 'tenant', template, file, bytes: statSync(file).size };
    return { tenant: { ...tenant, paths: new Map(), dependsOn: [stack.name] } };
  }
  return {};
}

function readStack(
  folder: string,
  name: string,
  { properties, environment = '', dependencies = [] }: Artifact,
  metadata: Metadata,
  artifacts: Readonly<Record<string, Artifact>>,
): AssembledStack {
  const file = join(folder, properties?.templateFile ?? '');
  const text = readFileSync(file, 'utf8');
  return {
    name,
    part: name.slice(name.lastIndexOf('-') + 1),
    region: environment.slice(environment.lastIndexOf('/') + 1),
    isProtected: properties?.terminationProtection === true,
    template: JSON.parse(text) as Template,
    bytes: Buffer.byteLength(text),
    file,
    paths: logicalPaths(metadata),
    dependsOn: dependencies.filter((other) => artifacts[other]?.type === 'aws:cloudformation:stack'),
  };
}

/** A part may have a hyphen (core-data), as may an environment (prod-standby). */
const withPart = (stack: AssembledStack, environment: string): AssembledStack => ({
  ...stack,
  part: stack.name.replace(`kolate-${environment}-`, ''),
});

const metadataOf = (folder: string, { metadata, additionalMetadataFile }: Artifact): Metadata => ({
  ...metadata,
  ...(additionalMetadataFile === undefined ? {} : readJson<Metadata>(join(folder, additionalMetadataFile))),
});

function logicalPaths(metadata: Metadata): Map<string, string> {
  const paths = new Map<string, string>();
  for (const [path, entries] of Object.entries(metadata)) {
    for (const { type, data } of entries) if (type === 'aws:cdk:logicalId') paths.set(String(data), path.slice(1));
  }
  return paths;
}

function acknowledgementsIn(metadata: Metadata): Acknowledgement[] {
  return Object.entries(metadata).flatMap(([path, entries]) =>
    entries
      .filter(({ type }) => type === 'aws:cdk:acknowledged-rules')
      .flatMap(({ data }) => Object.entries(data as Record<string, string>))
      .map(([id, reason]) => ({ id: id.replace(/^Annotation::/, ''), reason, path: path.slice(1) })),
  );
}

const readJson = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T;
