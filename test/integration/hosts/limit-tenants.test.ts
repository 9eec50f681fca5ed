import { resolve } from 'node:path';
import { prepareFolders } from '../../../lib/constructs/tenants/tenant-engines';
import { xfsVolume } from '../../helpers/xfs-volume';

const volume = xfsVolume();
// Programs take their time to start in User Mode Linux.
jest.setTimeout(120_000);
if (volume.reason) process.stderr.write(`skipped, quotas of hosts: ${volume.reason}\n`);
const tenants = { A: '0190a0a0-0000-7000-8000-00000000000a', B: '0190a0a0-0000-7000-8000-00000000000b' };

/** What hosts run, on a volume as they mount it, and what the tasks of two tenants do there. */
const prelude = `
A=${tenants.A} B=${tenants.B}
limit() { ${resolve('images/host/limit-tenants')} $DATA 2>&1; }
come() { mkdir -p $DATA/$1/postgres $DATA/limits/$1; chown 10001:10001 $DATA/$1/postgres; [ -z "$2" ] || echo $2 > $DATA/limits/$1/gib; }
# As the engine of tenant $1, so many MiB into file $2.
store() { (cd $DATA/$1/postgres && setpriv --reuid 10001 --regid 10001 --clear-groups fallocate -l $3M $2) && echo "$2 stored" || echo "$2 refused"; }
project() { xfs_io -r -c lsproj $DATA/$1 | sed 's/projid = //'; }
`;
const onHost = (script: string): string[] => {
  if (!volume.run) throw new Error(volume.reason);
  const lines = volume
    .run(prelude + script)
    .trim()
    .split('\n');
  return lines.map((line) => line.replaceAll(tenants.A, 'A').replaceAll(tenants.B, 'B'));
};

(volume.run ? describe : describe.skip)('the disk of tenants on a shared host', () => {
  it('refuses what one stores beyond its limit, and its neighbour goes on', () => {
    const lines = onHost(`
      come $A 1; come $B 1; limit
      store $A within 900; store $A beyond 200; store $B neighbour 900; store $A small 50
      df --output=size -BG $DATA/$A | tail -n 1 | tr -d ' '`);
    expect(lines).toEqual([
      ...['limit-tenants: A has 1 GiB, as project 1', 'limit-tenants: B has 1 GiB, as project 2', 'within stored'],
      ...[
        expect.stringContaining('No space left on device'),
        'beyond refused',
        'neighbour stored',
        'small stored',
        '1G',
      ],
    ]);
  });

  it('counts what was there before, also where the host went down between id and limit', () => {
    const lines = onHost(`
      come $A 1; store $A before 900
      come $B 1; xfs_quota -x -c "project -s -p $DATA/$B 7" $DATA > /dev/null
      xfs_io -c 'chproj 0' $DATA/$B/postgres; xfs_io -c 'chattr -P' $DATA/$B/postgres; store $B unmarked 900
      limit > /dev/null; store $A more 200; store $B more 200; project $A; project $B`);
    expect(lines.filter((line) => !line.includes('No space'))).toEqual([
      ...['before stored', 'unmarked stored', 'more refused', 'more refused', '8', '7'],
    ]);
  });

  it('raises and lowers a limit when the task says so, tells the task, and says nothing of what is as it was', () => {
    const lines = onHost(`
      come $A 1; limit; limit; cat $DATA/limits/$A/set
      come $A 2; limit; store $A grown 1500; cat $DATA/limits/$A/set
      come $A 1; limit; store $A more 1; rm $DATA/$A/postgres/grown; store $A again 900; project $A`);
    expect(lines.filter((line) => !line.includes('No space'))).toEqual([
      ...['limit-tenants: A has 1 GiB, as project 1', '1', 'limit-tenants: A has 2 GiB, as project 1', 'grown stored'],
      ...['2', 'limit-tenants: A has 1 GiB, as project 1', 'more refused', 'again stored', '1'],
    ]);
  });

  it('leaves the limit as it is where the file holds no number that can be, and says so', () => {
    const bad = {
      'printf lots': 'no number of GiB',
      true: 'no number of GiB',
      'echo 0': 'no number of GiB',
      "printf '1\\n2'": 'no number of GiB',
      'echo 99999': '99999 GiB is more than the volume has',
    };
    const lines = onHost(`
      come $A 1; come $B 1; limit > /dev/null
      ${Object.keys(bad)
        .map((command) => `${command} > $DATA/limits/$A/gib; limit`)
        .join('\n')}
      echo 2 > $DATA/limits/$B/gib; limit | tail -n 1
      store $A beyond 1100; cat $DATA/limits/$A/set`);
    const refusals = Object.values(bad).map((reason) =>
      expect.stringMatching(`^limit-tenants: A: .*${reason}; nothing`),
    );
    expect(lines).toEqual([
      ...[...refusals, 'limit-tenants: B has 2 GiB, as project 2'],
      ...[expect.stringContaining('No space left on device'), 'beyond refused', '1'],
    ]);
  });

  it('does not take the limit of one tenant for another’s, by a link', () => {
    const lines = onHost(`
      come $A 1; come $B 2; ln -sf $DATA/limits/$B/gib $DATA/limits/$A/gib; limit; project $A`);
    expect(lines).toEqual([
      'limit-tenants: A: its file is no number of GiB; nothing is changed',
      'limit-tenants: B has 2 GiB, as project 1',
      '0',
    ]);
  });

  it('leaves alone what is no tenant’s, or of no known limit', () => {
    const lines = onHost(`
      come $A ''; come other 1; echo 1 > $DATA/limits/gib; mkdir -p $DATA/limits/$B; echo 1 > $DATA/limits/$B/gib
      limit; echo done; project $A; project other; ls $DATA`);
    expect(lines).toEqual(['done', '0', '0', 'A', 'limits', 'other']);
  });

  it('lets the first start of a tenant wait for its limit, the next ones not, and none pass without', () => {
    const start = prepareFolders.replaceAll('/limits', '$DATA/limits/$A').replaceAll('/data/', '$DATA/$A/');
    const lines = onHost(`
      export DATA A
      start() { DISK_GIB=$1 bash -c '${start.replace('sleep 1', 'sleep $PAUSE')}' 2>&1; echo "$1 GiB: $?"; }
      mkdir -p $DATA/$A/{postgres,mongo,valkey} $DATA/limits/$A
      export PAUSE=0; start 0; start 1
      export PAUSE=1; (sleep 2; limit) & start 1; wait
      start 2; limit; stat -c %u $DATA/$A/mongo`);
    expect(lines).toEqual([
      ...['0 GiB: 0', 'the host has not limited what this tenant may store', '1 GiB: 1'],
      ...['limit-tenants: A has 1 GiB, as project 1', '1 GiB: 0', '2 GiB: 0'],
      ...['limit-tenants: A has 2 GiB, as project 1', '10001'],
    ]);
  });

  it('gives no id out again, so that nobody who comes inherits the use of who went', () => {
    const lines = onHost(`
      come $A 1; limit > /dev/null; rm -r $DATA/$A; come $B 1; limit; store $B first 900; find $DATA/limits/$A -type f
      come $A 1; limit`);
    expect(lines).toEqual([
      ...['limit-tenants: B has 1 GiB, as project 2', 'first stored', 'limit-tenants: A has 1 GiB, as project 3'],
    ]);
  });
});
