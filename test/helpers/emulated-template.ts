/** What the emulator does not know and refuses a whole template for. */
const unknownTypes = new Set([
  'AWS::EC2::SecurityGroupEgress',
  'AWS::EC2::SecurityGroupIngress',
  'AWS::EC2::Volume',
  'AWS::SecretsManager::RotationSchedule',
]);

type Resource = { readonly Type: string };
export type CloudFormationTemplate = {
  readonly Parameters: Readonly<Record<string, object>>;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, object>>;
};

/**
 * A copy of a template without the types that the emulator lacks; whoever refers to one of these is told `absent`.
 * @param outputs values to answer instead of the template's own, which name hosts that no emulator starts
 */
export function forEmulator(
  template: CloudFormationTemplate,
  outputs: Readonly<Record<string, object>> = {},
): CloudFormationTemplate {
  const absent = new Set(
    Object.entries(template.Resources).flatMap(([id, { Type }]) => (unknownTypes.has(Type) ? [id] : [])),
  );
  const kept = Object.fromEntries(Object.entries(template.Resources).filter(([id]) => !absent.has(id)));
  const copy = JSON.stringify({ ...template, Resources: kept, Outputs: { ...template.Outputs, ...outputs } });
  const reduced: unknown = JSON.parse(copy, (_key, value: unknown) => (refersTo(value, absent) ? 'absent' : value));
  return reduced as CloudFormationTemplate;
}

function refersTo(value: unknown, absent: ReadonlySet<string>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if ('Ref' in value) return absent.has(String(value.Ref));
  const target: unknown = 'Fn::GetAtt' in value ? value['Fn::GetAtt'] : undefined;
  return Array.isArray(target) && absent.has(String(target[0]));
}
