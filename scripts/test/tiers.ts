/**
 * Which test file belongs where: `unit` runs from the source, `e2e` on the
 * executable and beside the real programs, `soak` is what POSTERN_RUNS=all
 * makes long.
 *
 * @module
 */
export type Tier = "unit" | "e2e" | "soak";

/** What a tier takes on two cores; said before it begins. */
export const durations: Record<Tier, string> = {
  unit: "about a minute",
  e2e: "some 11 minutes",
  soak: "some half an hour",
};

/** Tests of the executable stand here; all others do without one. */
const executable = /^tests\/(e2e|differential)\/|^tests\/(build|man)_test\.ts$/;

/**
 * Each of these has a cluster of three brokers, whose patience with each other
 * is short: they run one after the other, when the others are over.
 */
const clusters: ReadonlySet<string> = new Set([
  "tests/e2e/queue_test.ts",
  "tests/e2e/shared_queue_test.ts",
  "tests/e2e/guide_from_one_gate_to_many_test.ts",
  "tests/e2e/site_test.ts",
]);

/** Those that may run at once, and those that may not. */
export const crowds = (
  files: readonly string[],
): { readonly together: string[]; readonly alone: string[] } => ({
  together: files.filter((path) => !clusters.has(path)),
  alone: files.filter((path) => clusters.has(path)),
});

/** Begun first, so that nobody waits for a long one in the end. */
const longest: readonly string[] = [
  "tests/e2e/drain_test.ts",
  "tests/sys/event_loop_fuzz_test.ts",
  "tests/net/tls_test.ts",
  "tests/net/tls_handshake_test.ts",
  "tests/smtp/fuzz_test.ts",
  "tests/cdb/reader_fuzz_test.ts",
  "tests/auth/password_file_test.ts",
  "tests/deliver/qmail_queue_test.ts",
  "tests/smtpd/driver_pieces_test.ts",
  "tests/smtp/dialogues_test.ts",
  "tests/e2e/package_test.ts",
  "tests/e2e/guide_rspamd_and_dovecot_test.ts",
  "tests/e2e/login_test.ts",
  "tests/e2e/starttls_test.ts",
  "tests/e2e/rules_test.ts",
  "tests/e2e/weather_soak_test.ts",
  "tests/e2e/clients_test.ts",
  "tests/e2e/delivery_test.ts",
  "tests/e2e/voice_test.ts",
  "tests/e2e/namespaces_test.ts",
  "tests/differential/tcpserver_test.ts",
  "tests/differential/tcprules_test.ts",
  "tests/e2e/weather_signals_test.ts",
  "tests/e2e/stalled_test.ts",
  "tests/e2e/limits_test.ts",
  "tests/e2e/weather_clients_test.ts",
  "tests/e2e/proxy_protocol_test.ts",
  "tests/e2e/recorded_test.ts",
];

/** The test files below a place, which may be one. */
function* testFiles(place: string): Generator<string> {
  if (Deno.statSync(place).isFile) return yield place;
  for (const { name } of Deno.readDirSync(place)) {
    const path = `${place}/${name}`;
    if (Deno.statSync(path).isDirectory) yield* testFiles(path);
    else if (name.endsWith("_test.ts")) yield path;
  }
}

/** A property whose runs POSTERN_RUNS counts (tests/support/random.ts). */
const isLong = (path: string) =>
  /import \{[^}]*\bruns\b[^}]*\} from "[^"]*\/random\.ts"/
    .test(Deno.readTextFileSync(path));

/** Whether a file wants the executable. */
export function tierOf(path: string): "unit" | "e2e" {
  return executable.test(path) ? "e2e" : "unit";
}

/** The files of a tier that are in one of the places, long ones first. */
export function filesOf(tier: Tier, places: readonly string[]): string[] {
  const files = new Set(
    places.flatMap((place) => [...testFiles(place.replace(/\/+$/, ""))]),
  );
  const rank = (path: string) => longest.indexOf(path) >>> 0;
  return [...files]
    .filter((path) => tier === "soak" ? isLong(path) : tierOf(path) === tier)
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/**
 * How many files run at once. Each has a process, and addresses, ports, folders
 * and networks of its own; e2e tests wait for much that is not a processor.
 */
export function jobsOf(tier: Tier): number {
  return navigator.hardwareConcurrency * (tier === "unit" ? 1 : 2);
}
