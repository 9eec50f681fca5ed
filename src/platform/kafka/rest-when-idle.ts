import RequestQueue from 'kafkajs/src/network/requestQueue';

let isResting = false;

/**
 * Keeps connections of kafkajs from looking for requests to send while there are none. kafkajs 2.2.4 looks again every
 * millisecond as long as a connection lives (tulios/kafkajs#1704), by timers of less than nothing, of which Node 24 warns
 * (#1751). What is queued is looked at when it is queued and when an answer comes; only patience that a broker asked for
 * needs a timer.
 */
export function restWhenIdle(): void {
  if (isResting) return;
  isResting = true;
  const schedule = RequestQueue.prototype.scheduleCheckPendingRequests;
  RequestQueue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
  };
}
