import type { AssembledStack, TemplateResource } from './assembly';

/** Changes with content or with every edit of a route, and says nothing to a reader. */
const unstable: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{64}\b/g, '<hash>'],
  // Logical ids that the CDK ends with a hash of content: of deployments of an API, of versions of a function.
  [/(Deployment[0-9A-F]{8})[0-9a-f]{32}/g, '$1<hash>'],
  [/(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}/g, '$1<hash>'],
];
const dropped = ['AWS::CDK::Metadata'];

/**
 * A stack to be read in a diff: resources by logical id, properties by name, intrinsics as in CloudFormation's YAML,
 * joins as one text, hashes of content masked.
 */
export function templateText({ name, region, isProtected, template }: AssembledStack): string {
  const resources = Object.entries(template.Resources)
    .filter(([, { Type }]) => !dropped.includes(Type))
    .sort(byName)
    .map(([id, resource]) => `${masked(id)}: ${resourceText(resource)}`);
  const outputs = Object.entries(template.Outputs ?? {})
    .sort(byName)
    .map(([id, { Value }]) => `  ${id}: ${inline(Value)}`);
  const head = `# ${name} in ${region}${isProtected ? ', protected from deletion' : ''}: ${resources.length} resources`;
  return masked([head, ...resources, ...(outputs.length > 0 ? ['Outputs:', ...outputs] : []), ''].join('\n'));
}

function resourceText({
  Type,
  Properties = {},
  DeletionPolicy,
  UpdateReplacePolicy,
  Condition,
}: TemplateResource): string {
  const kept = DeletionPolicy === UpdateReplacePolicy ? DeletionPolicy : `${DeletionPolicy}/${UpdateReplacePolicy}`;
  const notes = [kept === 'Delete' ? undefined : kept, Condition && `if ${Condition}`].filter(
    (note) => note !== undefined,
  );
  return [Type + (notes.length > 0 ? ` (${notes.join(', ')})` : ''), ...entries(Properties, '  ')].join('\n');
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
const masked = (text: string): string => unstable.reduce((seen, [pattern, by]) => seen.replace(pattern, by), text);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function entries(value: Readonly<Record<string, unknown>>, indent: string): string[] {
  return Object.entries(value)
    .sort(byName)
    .flatMap(([key, child]) => nested(`${indent}${key}:`, child, `${indent}  `));
}

function nested(head: string, value: unknown, indent: string): string[] {
  const short = intrinsic(value);
  if (short !== undefined) return [`${head} ${short}`];
  if (Array.isArray(value)) {
    if (value.length === 0) return [`${head} []`];
    return [head, ...value.flatMap((item) => listItem(item, indent))];
  }
  if (isRecord(value)) {
    return Object.keys(value).length === 0 ? [`${head} {}`] : [head, ...entries(value, indent)];
  }
  return [`${head} ${scalar(value)}`];
}

function listItem(item: unknown, indent: string): string[] {
  if (intrinsic(item) !== undefined || !isRecord(item)) return nested(`${indent}-`, item, `${indent}  `);
  const [first = '', ...rest] = entries(item, `${indent}  `);
  return [`${indent}- ${first.trimStart()}`, ...rest];
}

/** @returns the short form, or nothing where `value` is no intrinsic */
function intrinsic(value: unknown): string | undefined {
  if (!isRecord(value) || Object.keys(value).length !== 1) return undefined;
  const [[name, argument] = ['', undefined]] = Object.entries(value);
  if (name === 'Ref') return `!Ref ${String(argument)}`;
  if (name === 'Fn::GetAtt' && Array.isArray(argument)) return `!GetAtt ${argument.join('.')}`;
  if (name === 'Fn::Join' && isTextJoin(argument)) return `!Sub ${argument[1].map(embedded).join(argument[0])}`;
  return name.startsWith('Fn::') ? `!${name.slice(4)} ${inline(argument)}` : undefined;
}

const isTextJoin = (value: unknown): value is [string, unknown[]] =>
  Array.isArray(value) && typeof value[0] === 'string' && Array.isArray(value[1]);

function embedded(part: unknown): string {
  return typeof part === 'string' ? part : `\${${(intrinsic(part) ?? inline(part)).replace(/^!(Ref|GetAtt) /, '')}}`;
}

const inline = (value: unknown): string =>
  intrinsic(value) ?? (isRecord(value) || Array.isArray(value) ? flow(value) : scalar(value));

function flow(value: object): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  return `{ ${Object.entries(value)
    .sort(byName)
    .map(([key, child]) => `${key}: ${inline(child)}`)
    .join(', ')} }`;
}

const scalar = (value: unknown): string =>
  typeof value === 'string' && value.includes('\n') ? JSON.stringify(value) : String(value);
