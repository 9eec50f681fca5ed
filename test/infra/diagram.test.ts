import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { diagramOf, withDiagram } from '../../lib/assembly/diagram';
import { synthesizedNeutral } from '../helpers/synthesized';
import { assemblyWith, resource } from './invariants/planted';

it('is current in docs/aws-architecture.md (npm run diagram draws it anew)', () => {
  const page = readFileSync(join(process.cwd(), 'docs/aws-architecture.md'), 'utf8');
  expect(page).toBe(withDiagram(page, synthesizedNeutral('prod')));
});

it('draws protected stacks square, counts what is in them, and leads from what is read to its reader', () => {
  const data = assemblyWith({ resources: { A: resource('AWS::S3::Bucket'), B: resource('AWS::S3::Bucket') } });
  const Model = { 'Fn::GetStackOutput': { StackName: 'kolate-try-part', OutputName: 'A' } };
  const services = assemblyWith({ resources: { S: resource('AWS::ECS::Service', { Model }) }, isProtected: false });
  const stacks = [
    ...data.stacks,
    ...services.stacks.map((stack) => ({ ...stack, name: 'kolate-try-core-run', part: 'core-run' })),
  ];
  expect(diagramOf({ ...data, stacks }).split('\n')).toEqual([
    'flowchart LR',
    '  part["<b>part</b><br/>2 S3 buckets"]',
    '  core_run("<b>core-run</b><br/>Fargate service")',
    '  part --> core_run',
  ]);
});

it('counts in English', () => {
  const types = ['AWS::EC2::NatGateway', 'AWS::ECR::Repository', 'AWS::Synthetics::Canary'];
  const resources = Object.fromEntries(types.flatMap((type) => [1, 2].map((at) => [`${type}${at}`, resource(type)])));
  expect(diagramOf(assemblyWith({ resources }))).toContain('2 NAT gateways<br/>2 canaries<br/>2 image repositories');
});

it('refuses a page without its markers', () => {
  expect(() => withDiagram('# Page', assemblyWith({ resources: {} }))).toThrow('has no <!-- diagram');
});
