import { assertEquals } from "@std/assert";
import { momentOf } from "../../lib/trace/since.ts";

const now = new Date(2026, 10, 25, 8, 12, 19).getTime();
const local = (...parts: [number, number, number, number?, number?]) =>
  new Date(...parts).getTime();

Deno.test("moments as people say them", () => {
  const cases: [text: string, moment: number | null][] = [
    ["2h", now - 7_200_000],
    ["90m ago", now - 5_400_000],
    ["30s", now - 30_000],
    ["3d", now - 3 * 86_400_000],
    ["1w", now - 7 * 86_400_000],
    ["now", now],
    ["today", local(2026, 10, 25)],
    ["yesterday", local(2026, 10, 24)],
    ["2026-11-01", local(2026, 10, 1)],
    ["2026-11-01T09:30", local(2026, 10, 1, 9, 30)],
    ["2026-11-01 09:30:00", local(2026, 10, 1, 9, 30)],
    ["2026-11-01T09:30Z", Date.UTC(2026, 10, 1, 9, 30)],
    ["2026-11-01T09:30:00.500+01:00", Date.UTC(2026, 10, 1, 8, 30) + 500],
    ["2026-13-01", null],
    ["2026-11-01T25:00", null],
    ["2 hours", null],
    ["", null],
    ["h", null],
  ];
  for (const [text, moment] of cases) {
    assertEquals(momentOf(text, now), moment, text);
  }
});
