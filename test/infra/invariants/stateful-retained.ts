import { type Assembly, resourcesOf } from '../../../lib/assembly/assembly';
import { statefulTypes as gatedTypes } from '../../../lib/assembly/stateful-types';
import type { Rule, Violation } from './rule';

/** Made again, or kept by what they belong to: an instance by its cluster, a queue's messages by whoever sent them. */
const madeAgain = ['AWS::RDS::DBInstance', 'AWS::SQS::Queue', 'AWS::SecretsManager::Secret'];

/** What somebody would miss. Log groups, caches that fill again and what deployments make are not among it. */
export const statefulTypes: readonly string[] = [...gatedTypes].filter((type) => !madeAgain.includes(type));
/** In any stack, as those that encrypt nothing but logs stand with what writes the logs. */
const placedAnywhere = ['AWS::KMS::Key'];
const kept = ['Retain', 'RetainExceptOnCreate', 'Snapshot'];

/** Kept when it is taken out of its template, when it is replaced, and by a stack that cannot be deleted by accident. */
export const statefulRetained: Rule = {
  name: 'stateful-retained',
  check: (assembly: Assembly) =>
    resourcesOf(assembly, ...statefulTypes).flatMap((resource): Violation[] => {
      const { DeletionPolicy = 'Delete', UpdateReplacePolicy = 'Delete' } = resource.resource;
      const says = [
        ...(kept.includes(DeletionPolicy) ? [] : [`has DeletionPolicy ${DeletionPolicy}`]),
        ...(kept.includes(UpdateReplacePolicy) ? [] : [`has UpdateReplacePolicy ${UpdateReplacePolicy}`]),
        ...(resource.stack.isProtected || placedAnywhere.includes(resource.resource.Type)
          ? []
          : ['is in a stack without termination protection']),
      ];
      return says.map((one) => ({ at: resource, says: one }));
    }),
};
