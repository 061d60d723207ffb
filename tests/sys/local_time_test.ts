import { assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { localTime } from "../../lib/sys/local_time.ts";

const shown = (seconds: number) => Object.values(localTime(seconds)).join(" ");

/** 2026-07-01 and 2026-01-01, 12:00:00 UTC. */
const summer = 1_782_907_200, winter = 1_767_268_800;

/** A machine without tzdata knows only rules. */
const hasZones = existsSync("/usr/share/zoneinfo/Europe/Berlin");

for (
  const [zone, inWinter, inSummer] of [
    ["UTC0", "0 1 12 0 0", "6 1 12 0 0"],
    ["EST5EDT,M3.2.0,M11.1.0", "0 1 7 0 0", "6 1 8 0 0"],
    ["<+0530>-5:30", "0 1 17 30 0", "6 1 17 30 0"],
    ["XXX-12:00:01", "0 2 0 0 1", "6 2 0 0 1"],
    [":/usr/share/zoneinfo/Asia/Tokyo", "0 1 21 0 0", "6 1 21 0 0"],
    ["Europe/Berlin", "0 1 13 0 0", "6 1 14 0 0"],
  ]
) {
  const ignore = zone.includes("/") && !hasZones;
  Deno.test({ name: `localTime() knows the zone ${zone}`, ignore }, () => {
    const before = Deno.env.get("TZ");
    Deno.env.set("TZ", zone);
    try {
      assertEquals([shown(winter), shown(summer)], [inWinter, inSummer]);
    } finally {
      if (before === undefined) Deno.env.delete("TZ");
      else Deno.env.set("TZ", before);
    }
  });
}
