import { traceIdOf } from '../../../src/platform/telemetry/trace-context';

const trace = '0af7651916cd43dd8448eb211c80319c';
const hex = /^[0-9a-f]{32}$/;

describe('the trace id of a request', () => {
  it('is the caller’s', () => {
    expect(traceIdOf(`00-${trace}-b7ad6b7169203331-01`)).toBe(trace);
  });

  it.each([
    undefined,
    '',
    trace,
    `00-${trace.toUpperCase()}-b7ad6b7169203331-01`,
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-${trace.slice(1)}"-b7ad6b7169203331-01`,
    `00-${trace}:b7ad6b7169203331-01`,
    `ff-${trace}-b7ad6b7169203331-01`,
    `00-${trace}-b7ad6b7169203331-01-more`,
  ])('is a new one for %j', (traceparent) => {
    const id = traceIdOf(traceparent);
    expect(id).toMatch(hex);
    expect(id).not.toBe(trace);
    expect(traceIdOf(traceparent)).not.toBe(id);
  });
});
