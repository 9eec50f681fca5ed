import fc from 'fast-check';
import { continueTrace } from '../../../src/platform/telemetry/trace-context';

const given = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';

describe('the trace context', () => {
  it('stays in the caller’s trace with a span of its own and the caller’s flags', () => {
    const { traceId, traceparent } = continueTrace(given);
    expect(traceId).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    expect(traceparent).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-00$/);
    expect(traceparent).not.toBe(given);
  });

  it.each([undefined, '', 'x', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, `${given}x`])(
    'starts a new trace for %p',
    (traceparent) => {
      const first = continueTrace(traceparent);
      expect(first.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      expect(continueTrace(traceparent).traceId).not.toBe(first.traceId);
    },
  );

  it('answers a well-formed context whatever comes in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(continueTrace(text).traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
      }),
    );
  });
});
