import { resolve } from 'node:path';
import { preparePython } from '../../helpers/python';

const requirements = resolve(__dirname, '../../interop/requirements.txt');
const withoutPython = { KOLATE_PYTHON: '/nonexistent/python3', KOLATE_CACHE: '/nonexistent/cache' };

describe('where no Python is to be found', () => {
  it('gives the reason, and how to get one, so that tests can be skipped', () => {
    const { python, reason } = preparePython(requirements, withoutPython);
    expect(python).toBeUndefined();
    expect(reason).toContain('/nonexistent/python3');
    expect(reason).toContain('python3-venv');
  });

  it('throws in CI, where nothing may be skipped', () => {
    expect(() => preparePython(requirements, { ...withoutPython, CI: 'true' })).toThrow('Python is needed in CI');
  });
});
