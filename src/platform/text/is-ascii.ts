/** Whether `text` is printable ASCII: each of its characters is then one byte, in whatever encoding. */
export const isAscii = (text: string): boolean => !/[^ -\x7f]/.test(text);
