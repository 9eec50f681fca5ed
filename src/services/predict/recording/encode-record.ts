import { predictionCompleted } from '../../../contracts/events/predict-events';
import { encodeHeader, encodeHeaderName } from '../../../platform/kafka/append/record-batch';
import type { PredictionRecord } from '../protocol/prediction-record';

const uuidLength = 36;
const timeLength = 24;

// A CloudEvent in Kafka's binary mode, as `encodeMessage` makes it; what is the same for all records is encoded once.
const before = {
  id: encodeHeader('ce_specversion', '1.0') + encodeHeaderName('ce_id', uuidLength),
  time:
    encodeHeader('ce_type', predictionCompleted.type) +
    encodeHeader('ce_source', 'predict') +
    encodeHeaderName('ce_time', timeLength),
  tenant: encodeHeader('content-type', 'application/json') + encodeHeaderName('ce_tenantid', uuidLength),
};
export const headerCount = 7;

export type RecordEncoder = {
  /** Headers of the record, encoded for a `BatchWriter`. */
  headers(record: PredictionRecord): string;
  /**
   * The data of `prediction.completed` as JSON. Put together from its parts, since the tensors are JSON already and
   * `JSON.stringify` would want them parsed. Names of models and versions have nothing to be escaped.
   */
  json(record: PredictionRecord): string;
};

/** What the record before has in common with the next is kept: mostly the model, and often the millisecond. */
export function createRecordEncoder(): RecordEncoder {
  const timeOf = createTimeWriter();
  let [tenantId, model, version, at] = ['', '', '', Number.NaN];
  let time = '';
  let behindId = '';
  let names = '';

  function meet(record: PredictionRecord): void {
    const sameTenant = record.tenantId === tenantId;
    if (!sameTenant || record.at !== at) {
      at = record.at;
      time = timeOf(at);
      behindId = before.time + time + before.tenant + record.tenantId;
    }
    if (sameTenant && record.model === model && record.version === version) return;
    ({ tenantId, model, version } = record);
    names = `","tenantId":"${tenantId}","model":"${model}","version":"${version}"`;
  }

  return {
    headers(record) {
      meet(record);
      return before.id + record.id + behindId;
    },
    json(record) {
      meet(record);
      const { requestId, inputsJson, inputsSha256 } = record;
      let json = `{"id":"${record.id}${names}`;
      if (requestId !== undefined) json += `,"requestId":${JSON.stringify(requestId)}`;
      if (inputsJson !== undefined) json += `,"inputs":${inputsJson}`;
      if (inputsSha256 !== undefined) json += `,"inputsSha256":"${inputsSha256}"`;
      return `${json},"outputs":${record.outputsJson},"rows":${record.rows},"latencyMs":${record.latencyMs},"at":"${time}"}`;
    },
  };
}

/** RFC 3339 of a time in milliseconds; the last one is remembered, since many records share a millisecond. */
function createTimeWriter(): (at: number) => string {
  let last = Number.NaN;
  let text = '';
  return (at) => {
    if (at !== last) {
      last = at;
      text = new Date(at).toISOString();
    }
    return text;
  };
}
