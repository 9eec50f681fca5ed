import type { PolicyDocument, Statement } from 'aws-lambda';

/**
 * Whether `policy` allows to invoke `arn`, as IAM decides it: an explicit Deny wins, what is not allowed is denied. `*`
 * stands for any text, `/` included.
 */
export function isAllowed(policy: PolicyDocument, arn: string): boolean {
  const effects = policy.Statement.filter((statement) =>
    resourcesOf(statement).some((pattern) => matches(pattern, arn)),
  );
  return effects.length > 0 && effects.every(({ Effect }) => Effect === 'Allow');
}

const resourcesOf = (statement: Statement): string[] =>
  'Resource' in statement && statement.Resource !== undefined ? [statement.Resource].flat() : [];

/** Pieces between the stars have to turn up one after the other; the first and the last at the ends. */
function matches(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === text;
  if (!text.startsWith(first)) return false;
  const last = rest.pop() ?? '';
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
