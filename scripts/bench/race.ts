/**
 * Servers that do the same work in turn. All of them run and are warm all the
 * time, as servers are. The rounds are interleaved, every other one in the
 * opposite order, and what counts is the median of the ratios within a round.
 *
 * @module
 */
import {
  type Contestant,
  type Contestants,
  type Figures,
  type Load,
  Running,
} from "./contestant.ts";
import { median } from "./figures.ts";

export interface Race {
  contestants: Contestants;
  load: Load;
  rounds: number;
  /** In each round. */
  count: number;
  warmUp: number;
  /** What is counted, in the plural. */
  unit: string;
  /** How the work is done, for the reader of the figures. */
  how: string;
  /** In place of BENCH_DIR or the temporary folder. */
  folder?: string;
}

/** Runs all and prints how the first does beside each other one. */
export async function race(race: Race): Promise<void> {
  const { rounds, count, unit } = race;
  const dir = Deno.env.get("BENCH_DIR") ?? race.folder;
  const folder = await Deno.makeTempDir(
    dir === undefined ? {} : { dir },
  );
  await Deno.chmod(folder, 0o755);
  try {
    const contestants = await race.contestants(folder);
    const figures = await interleaved(contestants, race);
    console.log(
      `${count} ${unit}, ${race.how}; medians of ${rounds} interleaved rounds`,
    );
    for (const [i, { name }] of contestants.entries()) {
      console.log(line(name, figures[i], figures[0], unit));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Measures all of them in turn; the figures of each, in their order. */
export async function interleaved(
  contestants: readonly Contestant[],
  { load, rounds, count, warmUp }: Pick<
    Race,
    "load" | "rounds" | "count" | "warmUp"
  >,
): Promise<Figures[][]> {
  const running: Running[] = [];
  try {
    for (const who of contestants) {
      const server = new Running(who);
      running.push(server);
      await server.warm(load, warmUp);
    }
    const figures = running.map((): Figures[] => []);
    for (let round = 0; round < rounds; round++) {
      const order = [...running.entries()];
      // Who comes later finds the machine warmer, or its disk fuller.
      for (const [i, each] of round % 2 ? order.reverse() : order) {
        figures[i].push(await each.measure(load, count));
      }
    }
    return figures;
  } finally {
    await Promise.all(running.map((server) => server.stop()));
  }
}

function line(
  name: string,
  theirs: Figures[],
  ours: Figures[],
  unit: string,
): string {
  const ratio = (of: (figures: Figures) => number) =>
    median(ours.map((each, round) => of(each) / of(theirs[round])));
  const versus = theirs === ours
    ? ""
    : `  postern has ${ratio((f) => f.perSecond).toFixed(3)}x ` +
      `the ${unit}, ${ratio((f) => f.cpuEach).toFixed(2)}x the CPU`;
  const perSecond = median(theirs.map((f) => f.perSecond));
  const cpu = median(theirs.map((f) => f.cpuEach));
  return `${name.padEnd(24)} ${perSecond.toFixed(0).padStart(7)}/s ` +
    `${cpu.toFixed(0).padStart(6)} us CPU${versus}`;
}
