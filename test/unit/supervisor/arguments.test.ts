import { ArgumentError, readArguments } from '../../../local/supervisor/arguments';

const read = (line: string, env = {}) => readArguments(line.split(' ').filter(Boolean), env, '/clone/.kolate');

it('starts on port 8080 in the folder of the clone when nothing is said', () => {
  expect(read('start')).toMatchObject({
    command: 'start',
    home: '/clone/.kolate',
    port: 8080,
    detach: false,
    demo: true,
  });
});

it('takes the home from the flag, else from the environment', () => {
  expect(read('start', { KOLATE_HOME: '/other' }).home).toBe('/other');
  expect(read('start --home /flag', { KOLATE_HOME: '/other' }).home).toBe('/flag');
});

it('reads all flags', () => {
  const flags = { port: 9000, detach: true, demo: false, reset: true };
  expect(read('start --port 9000 --detach --no-demo --reset')).toMatchObject(flags);
});

it.each(['start --port none', 'start --port 0', 'begin', 'start --unknown', 'start twice'])('refuses: %s', (line) => {
  expect(() => read(line)).toThrow(ArgumentError);
});
