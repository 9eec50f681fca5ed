const mark = '_clone';

/** The two users take turns: whoever still has the password of the other is served until the next rotation. */
export const otherUser = (username: string): string =>
  isSecondUser(username) ? username.slice(0, -mark.length) : username + mark;

export const isSecondUser = (username: string): boolean => username.endsWith(mark);

/** Of the two, the one that owns things; both act as it. */
export const firstUser = (username: string): string => (isSecondUser(username) ? otherUser(username) : username);
