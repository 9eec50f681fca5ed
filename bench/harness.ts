import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';

/** One side of a comparison. `measure` runs one round and answers one figure, in `unit`. */
export type Contender = {
  readonly name: string;
  measure(round: number): Promise<number>;
};

export type Bench = {
  /** As in the table of claims: M1, M2 … */
  readonly metric: string;
  readonly title: string;
  readonly unit: string;
  readonly floor: number;
  readonly goal: number;
  /** `higher`: the ratio has to reach floor and goal. `lower`: it has to stay under them. */
  readonly better: 'higher' | 'lower';
  readonly subject: Contender;
  readonly reference: Contender;
  /** At least 7. */
  readonly rounds?: number;
  /** Rounds of both sides that are run first and not counted. */
  readonly warmups?: number;
  /** Lines to print below the table, asked for when all rounds are done. */
  readonly notes?: () => readonly string[];
};

export type Result = {
  readonly metric: string;
  readonly ratio: number;
  /** Interquartile range of the rounds' ratios, as a part of the median. */
  readonly spread: number;
  readonly floor: number;
  readonly goal: number;
};

const leastRounds = 7;

/**
 * Runs subject and reference in turn, so that both meet the same noise; which goes first changes every round. Prints a
 * table and, as the last line, the result as JSON: the median of the rounds' ratios and its spread.
 */
export async function runBench(bench: Bench): Promise<Result> {
  const rounds = Math.max(leastRounds, bench.rounds ?? leastRounds);
  print(`${bench.metric}  ${bench.title}\n${machineLine()}`);
  for (let warmup = 0; warmup < (bench.warmups ?? 1); warmup += 1) await playRound(bench, warmup);
  print(row(['round', bench.subject.name, bench.reference.name, 'ratio']));
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { subject, reference } = await playRound(bench, round);
    ratios.push(subject / reference);
    print(row([String(round + 1), figure(subject), figure(reference), (subject / reference).toFixed(3)]));
  }
  const result = summarize(bench, ratios);
  for (const note of bench.notes?.() ?? []) print(`  ${note}`);
  print(`${bench.unit}; ${verdict(bench, result.ratio)}`);
  print(JSON.stringify(result));
  return result;
}

async function playRound(bench: Bench, round: number): Promise<{ subject: number; reference: number }> {
  if (round % 2 === 0) {
    const subject = await bench.subject.measure(round);
    return { subject, reference: await bench.reference.measure(round) };
  }
  const reference = await bench.reference.measure(round);
  return { subject: await bench.subject.measure(round), reference };
}

function summarize({ metric, floor, goal }: Bench, ratios: readonly number[]): Result {
  const ratio = quantile(ratios, 0.5);
  const spread = (quantile(ratios, 0.75) - quantile(ratios, 0.25)) / ratio;
  return { metric, ratio: rounded(ratio), spread: rounded(spread), floor, goal };
}

function verdict({ better, floor, goal }: Bench, ratio: number): string {
  const reaches = (limit: number): boolean => (better === 'higher' ? ratio >= limit : ratio <= limit);
  const sign = better === 'higher' ? '>=' : '<=';
  return `floor ${sign} ${floor} ${reaches(floor) ? 'reached' : 'MISSED'}, goal ${sign} ${goal} ${reaches(goal) ? 'reached' : 'not reached'}`;
}

/** The value below which the part `q` of `values` lies, interpolated. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** Figures of different machines, or of a busy one, do not compare: each run says where it ran. */
export function machineLine(): string {
  const load = loadavg()[0]?.toFixed(1);
  return `${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${availableParallelism()} cores, load ${load}, Node ${process.versions.node}, ${process.platform}-${process.arch}`;
}

const ticksPerSecond = 100;

/** CPU seconds that a process has used so far, all its threads, user and system; in steps of 10 ms. Linux only. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the command may hold spaces and parentheses: fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;
const figure = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(4);
const row = (cells: readonly string[]): string =>
  cells.map((cell, index) => (index === 0 ? cell.padEnd(6) : cell.padStart(22))).join('');
const print = (line: string): void => void process.stdout.write(`${line}\n`);
