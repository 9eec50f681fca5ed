import { createSideBySide } from '../../../local/supervisor/side-by-side';

it('tells of the first failure at once, and throws it when everything has come to its end', async () => {
  const told: string[] = [];
  let endSlow = (): void => undefined;
  const slow = new Promise<void>((_resolve, reject) => {
    endSlow = () => reject(new Error('ended'));
  });
  const all = createSideBySide(() => {
    told.push('failed');
    endSlow();
  });
  await expect(all([slow, Promise.reject(new Error('no such database'))])).rejects.toThrow('no such database');
  expect(told).toEqual(['failed']);
});

it('knows of failures over several calls', async () => {
  const all = createSideBySide(() => undefined);
  await all([Promise.resolve()]);
  const nested = all([Promise.reject(new Error('inner'))]);
  await expect(all([nested])).rejects.toThrow('inner');
});
