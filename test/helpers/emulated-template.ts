/** What the emulator does not know and refuses a whole template for. */
const unknownTypes = new Set([
  'AWS::EC2::SecurityGroupEgress',
  'AWS::EC2::SecurityGroupIngress',
  'AWS::EC2::Volume',
  'AWS::SecretsManager::RotationSchedule',
]);

type Resource = { readonly Type: string; readonly Properties?: object };

/** Alarms on sums of metrics are such, too. */
const isUnknown = ({ Type, Properties = {} }: Resource): boolean =>
  unknownTypes.has(Type) || (Type === 'AWS::CloudWatch::Alarm' && 'Metrics' in Properties);

export type CloudFormationTemplate = {
  readonly Parameters: Readonly<Record<string, object>>;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, object>>;
};

/**
 * A copy of a template without the resources that the emulator lacks; whoever refers to one of these is told `absent`.
 * @param outputs values to answer instead of the template's own, which name hosts that no emulator starts
 */
export function forEmulator(
  template: CloudFormationTemplate,
  outputs: Readonly<Record<string, object>> = {},
): CloudFormationTemplate {
  const absent = new Set(
    Object.entries(template.Resources).flatMap(([id, resource]) => (isUnknown(resource) ? [id] : [])),
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
