import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { templateText } from '../../lib/assembly/template-text';
import { snapshotsOf } from '../../scripts/aws/snapshots';
import { environmentNames } from '../../scripts/aws/synthesize';
import { synthesizedNeutral } from '../helpers/synthesized';

const folder = join(process.cwd(), 'test/infra/snapshots');

describe.each(environmentNames)('what %s deploys', (environment) => {
  const assembly = synthesizedNeutral(environment);
  const expected = snapshotsOf(assembly);

  it.each([...expected])('is what was reviewed: %s (npm run snapshots writes it anew)', (file, text) => {
    expect(existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : '').toBe(text);
  });

  it('has a snapshot of each stack, and none of a stack that is gone', () => {
    const kept = readdirSync(join(folder, environment)).map((file) => `${environment}/${file}`);
    expect(kept.sort()).toEqual([...expected.keys()].sort());
  });
});

describe('the text of a template', () => {
  const stack = {
    ...{ name: 'kolate-dev-storage', part: 'storage', region: 'us-east-1', isProtected: true },
    ...{ bytes: 0, file: '', paths: new Map<string, string>(), dependsOn: [] },
  };

  it('names what is kept, writes intrinsics short, sorts by name and masks what changes with content', () => {
    const text = templateText({
      ...stack,
      template: {
        Resources: {
          ApiDeployment0123ABCD0123456789abcdef0123456789abcdef: { Type: 'AWS::ApiGateway::Deployment' },
          Function: {
            Type: 'AWS::Lambda::Function',
            Properties: {
              Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
              Code: { S3Key: `${'0123456789abcdef'.repeat(4)}.zip` },
              Layers: ['a', { Ref: 'Layer' }],
            },
          },
          Bucket: {
            Type: 'AWS::S3::Bucket',
            Properties: {
              BucketName: { 'Fn::Join': ['-', ['models', { Ref: 'AWS::Region' }]] },
              Rules: [{ Status: 'Enabled', Days: 1 }],
            },
            DeletionPolicy: 'Retain',
            UpdateReplacePolicy: 'Retain',
          },
          CDKMetadata: { Type: 'AWS::CDK::Metadata' },
        },
        Outputs: { Name: { Value: { Ref: 'Bucket' } } },
      },
    });
    expect(text).toBe(
      [
        '# kolate-dev-storage in us-east-1, protected from deletion: 3 resources',
        'ApiDeployment0123ABCD<hash>: AWS::ApiGateway::Deployment',
        'Bucket: AWS::S3::Bucket (Retain)',
        `  BucketName: !Sub models-\${AWS::Region}`,
        '  Rules:',
        '    - Days: 1',
        '      Status: Enabled',
        'Function: AWS::Lambda::Function',
        '  Code:',
        '    S3Key: <hash>.zip',
        '  Layers:',
        '    - a',
        '    - !Ref Layer',
        '  Role: !GetAtt Role.Arn',
        'Outputs:',
        '  Name: !Ref Bucket',
        '',
      ].join('\n'),
    );
  });
});
