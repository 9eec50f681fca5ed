import type { Construct } from 'constructs';
import { deadLetterTopics, sagaTopics, topics } from '../../../src/contracts/topics';
import { backlogOf } from '../../constructs/services/backlog';
import { KolateService } from '../../constructs/services/kolate-service';
import { commonVariables, letIntoPostgres, type ServicePlatform } from './service-platform';

/** The saga engine: it has no routes, and takes facts, replies and operators' requests from Kafka. */
export function addCore(scope: Construct, platform: ServicePlatform): KolateService<'core'> {
  const { bus } = platform;
  const core = new KolateService(scope, 'Core', {
    ...platform.common,
    name: 'core',
    variables: commonVariables(platform, 'core'),
    backlog: backlogOf(bus, 'core.sagas', 500, sagaTopics),
  });
  letIntoPostgres(platform, core, 'core');
  bus.allowFrom(core);
  bus.grantConsume(core, 'core.sagas', ...sagaTopics);
  // For the depth of each.
  bus.grantDescribe(core, ...deadLetterTopics());
  bus.grantProduce(core, topics.commandEnterpriseInfo, topics.operationLifecycle);
  return core;
}
