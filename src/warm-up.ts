import type { WorkerJob } from "./inspection-job.js";

/** Each touches some lazy part of reading and inspection: the Sets, a rule's patterns, number words, name lists, nested encodings. */
const VALUES: readonly unknown[] = [
  {
    text: "step 3 of the run ended",
    escaped: "%7B%22a%22%3A1%7D &lt;b&gt; \\u0041",
    coded: "eyJhIjogImlAZXhhbXBsZS5vcmcifQ==",
    nested: '{"a": [1]}',
  },
  { list: [{ x_min: 1, y_min: 2, x_max: 3, y_max: 4, label: "sample" }], number: 4_111_111_111_111_111 },
  { text: "2026-11-24 mail ines.moreau@harbour-clinic.example" },
  { text: "call +31 20 123 4567, card 4111 1111 1111 1111, ssn 078-05-1120" },
  { text: "NL91 ABNA 0417 1643 00 from 203.0.113.7 and 2001:db8::1 in /home/ines/x.png" },
  { text: "assigned to Ines Moreau by Dr. Jonas Lindqvist" },
  { text: "12 Harbour Street, born on 3 May 1990, labels: car, truck" },
  { text: "password=hunter2hunter2 token: 9f8a7b6c5d4e3f2a1b0c9d8e s3://bucket/a/b.png?X-Amz-Signature=0" },
];

/** Bodies that are inspected once after a start, so that the first real one is not the first. */
export const WARM_UP: readonly WorkerJob[] = VALUES.map(jobOf);

/**
 * A log of 64 kB, of which a thread reads two before its first body: until V8 has made code of the loops, a large one takes twice its time, all of it
 * of its budget.
 */
export function longWarmUp(): WorkerJob {
  const lines = Array.from(
    { length: 900 },
    (_, index) => `step ${index} of the run ended: worker ${index % 7} wrote /var/lib/app/part-${index}.bin in ${index * 3} ms`,
  );
  return jobOf({ log: lines.join("\n") });
}

function jobOf(value: unknown): WorkerJob {
  return {
    body: Buffer.from(JSON.stringify(value)),
    head: { contentType: "application/json", contentEncoding: undefined },
    context: {
      schema: undefined,
      querySchema: undefined,
      path: "/",
      query: "a=b",
      headers: [["User-Agent", "sample/1.0"]],
      namedHeaders: [],
      now: 0,
    },
  };
}
