import { type Negative, plainDigits, pod, privateAddress, texts } from "./negative.js";

/** Log lines, stack traces and SQL of the systems that a Diffgram installation runs on. */
export const LOG_NEGATIVES: readonly Negative[] = [
  ...texts("log:nginx", "open", [
    (r) =>
      `${privateAddress(r)} - - [24/Nov/2026:09:12:33 +0000] "GET /api/v1/job/list HTTP/1.1" 200 ${r.int(100, 9999)} "-" "python-requests/2.34.2"`,
  ]),
  ...texts("log:nginx", "held-back", [
    (r) =>
      `2026/11/24 09:12:33 [error] 31#31: *${r.int(1, 9999)} upstream timed out (110: Connection timed out) while reading response header from upstream, client: ${privateAddress(r)}, server: _, request: "POST /api/walrus/project/upload HTTP/1.1", upstream: "http://${privateAddress(r)}:8082/api"`,
    (r) =>
      `${privateAddress(r)} - - [24/Nov/2026:11:02:01 +0000] "GET /static/img/logo@2x.png HTTP/2.0" 304 0 "-" "-" rt=0.00${r.int(1, 9)}`,
  ]),
  ...texts("log:postgres", "open", [
    (r) => `2026-11-24 09:12:33.123 UTC [${r.int(20, 999)}] ERROR:  duplicate key value violates unique constraint "job_pkey"`,
    (r) => `DETAIL:  Key (id)=(${r.int(1, 99_999)}) already exists.`,
  ]),
  ...texts("log:postgres", "held-back", [
    (r) =>
      `2026-11-24 09:12:33.123 UTC [${r.int(20, 999)}] LOG:  checkpoint complete: wrote ${r.int(1, 900)} buffers (0.5%); 0 WAL file(s) added; distance=${r.int(100, 9999)} kB`,
    (r) => `FATAL:  remaining connection slots are reserved for non-replication superuser connections (pid ${r.int(100, 999)})`,
  ]),
  ...texts("log:rabbitmq", "open", [
    (r) =>
      `2026-11-24 09:12:33.120 [warning] <0.${r.int(100, 9999)}.0> closing AMQP connection (${privateAddress(r)}:${r.int(30_000, 60_000)} -> ${privateAddress(r)}:5672): missed heartbeats from client, timeout: 60s`,
  ]),
  ...texts("log:rabbitmq", "held-back", [
    (r) =>
      `2026-11-24 09:12:33.120 [info] <0.${r.int(100, 9999)}.0> Mirrored queue 'events' in vhost '/': Synchronising: ${r.int(1, 4000)} messages to synchronise`,
    () => "node rabbit@rabbitmq-1 up",
  ]),
  ...texts("log:k8s", "open", [
    (r) => `Readiness probe failed: Get "http://${privateAddress(r)}:8080/readyz": context deadline exceeded`,
    (r) => `Back-off restarting failed container default in pod ${pod(r)}`,
  ]),
  ...texts("log:k8s", "held-back", [
    (r) => `0/3 nodes are available: ${r.int(1, 3)} Insufficient memory, preemption: 0/3 nodes are available`,
    (r) => `Successfully assigned annot/${pod(r)} to node-pool-2-${r.hex(8)}`,
    (r) => `I1124 09:12:33.120345       1 reflector.go:${r.int(100, 900)}] Listing and watching *v1.Pod from informers/factory.go:150`,
  ]),
  ...texts("log:celery", "open", [(r) => `[2026-11-24 09:12:33,120: INFO/MainProcess] Task export.run[${r.uuid()}] received`]),
  ...texts("log:celery", "held-back", [
    (r) =>
      `[2026-11-24 09:12:33,120: WARNING/ForkPoolWorker-${r.int(1, 8)}] Task walrus.process[${r.uuid()}] retry: Retry in ${r.int(1, 180)}s: TimeoutError()`,
  ]),
  ...texts("log:gunicorn", "open", [
    (r) => `[2026-11-24 09:12:33 +0000] [${r.int(8, 99)}] [CRITICAL] WORKER TIMEOUT (pid:${r.int(100, 999)})`,
  ]),
  ...texts("log:gunicorn", "held-back", [
    (r) => `[2026-11-24 09:12:33 +0000] [1] [ERROR] Worker (pid:${r.int(100, 999)}) was sent SIGKILL! Perhaps out of memory?`,
    () => "WARNING in app: Exception on /api/v1/task/update [POST]",
  ]),
  ...texts("log:flask", "open", [
    (r) => `werkzeug INFO ${privateAddress(r)} - - [24/Nov/2026 09:12:33] "OPTIONS /api/status HTTP/1.1" 204 -`,
  ]),
  ...texts("log:minio", "held-back", [
    (r) =>
      `API: SYSTEM() Time: 09:12:33 UTC 11/24/2026 DeploymentID: ${r.uuid()} Error: Read failed. Insufficient number of drives online (*errors.errorString)`,
    (r) => `vacuumed table instance: ${plainDigits(r, 9)} dead row versions, oldest xmin ${plainDigits(r, 9)}`,
  ]),
  ...texts("trace:python", "open", [
    (r) =>
      `Traceback (most recent call last):\n  File "/usr/local/lib/python3.9/site-packages/requests/adapters.py", line ${r.int(20, 900)}, in send\n    raise ConnectionError(e, request=request)\nrequests.exceptions.ConnectionError: HTTPConnectionPool(host='walrus', port=8082): Max retries exceeded with url: /api/walrus/v1`,
    (r) => `  File "/app/methods/task/task_update.py", line ${r.int(20, 900)}, in main\nKeyError: 'instance_template'`,
  ]),
  ...texts("trace:python", "held-back", [
    (r) =>
      `Traceback (most recent call last):\n  File "/opt/venv/lib/python3.11/site-packages/sqlalchemy/engine/base.py", line ${r.int(900, 2000)}, in _execute_context\n    self.dialect.do_execute(cursor, statement, parameters, context)\npsycopg2.errors.DeadlockDetected: deadlock detected\nDETAIL:  Process ${r.int(100, 999)} waits for ShareLock on transaction ${r.int(1000, 99_999)}; blocked by process ${r.int(100, 999)}.`,
    () => "AttributeError: 'NoneType' object has no attribute 'to_dict'",
  ]),
  ...texts("trace:js", "open", [
    (r) =>
      `TypeError: Cannot read properties of undefined (reading 'length')\n    at Array.map (<anonymous>)\n    at VueComponent.render (https://cdn.jsdelivr.net/npm/vue@2.7.14/dist/vue.runtime.min.js:${r.int(1, 9)}:${r.int(100, 99_999)})`,
  ]),
  ...texts("trace:js", "held-back", [
    (r) =>
      `ReferenceError: regeneratorRuntime is not defined\n    at Module.<anonymous> (app.${r.hex(8)}.js:1:${r.int(100, 99_999)})\n    at webpack_require (webpack:///webpack/bootstrap?${r.hex(4)}:19:12)`,
    (r) => `ChunkLoadError: Loading chunk ${r.int(1, 60)} failed. (error: /static/js/${r.int(1, 60)}.${r.hex(8)}.js)`,
  ]),
  ...texts("trace:java", "open", [
    (r) =>
      `java.lang.NullPointerException: null\n\tat org.apache.kafka.clients.NetworkClient.poll(NetworkClient.java:${r.int(100, 900)})\n\tat java.base/java.lang.Thread.run(Thread.java:840)`,
  ]),
  ...texts("trace:java", "held-back", [
    (r) =>
      `Caused by: java.util.concurrent.TimeoutException: Waited 30 seconds (plus ${r.int(100, 9999)} nanoseconds delay)\n\t... ${r.int(2, 40)} more\n\tat io.netty.channel.DefaultChannelPipeline$HeadContext.exceptionCaught(DefaultChannelPipeline.java:1377) ~[netty-transport-4.1.108.Final.jar:4.1.108.Final]`,
  ]),
  ...texts("trace:go", "held-back", [
    (r) =>
      `panic: runtime error: index out of range [${r.int(3, 9)}] with length 3\n\ngoroutine ${r.int(1, 90)} [running]:\nmain.(*Server).handle(0xc000${r.hex(6)}, 0x${r.int(1, 9)})\n\t/src/main.go:${r.int(10, 400)} +0x${r.hex(3)}`,
  ]),
  ...texts("sql", "open", [
    (r) => `SELECT id, email FROM "user" WHERE id = ${r.int(1, 9999)} LIMIT 1`,
    (r) =>
      `[SQL: UPDATE task SET status=%(status)s WHERE task.id = %(task_id)s]\n[parameters: {'status': 'complete', 'task_id': ${r.int(1, 99_999)}}]`,
  ]),
  ...texts("sql", "held-back", [
    (r) =>
      `EXPLAIN ANALYZE: Index Scan using ix_instance_file_id on instance  (cost=0.43..8.45 rows=1 width=${r.int(10, 900)}) (actual time=0.0${r.int(10, 99)}..0.1${r.int(10, 99)} rows=1 loops=1)`,
    (r) => `INSERT INTO event (kind, project_id, success) VALUES ('new_job', ${r.int(1, 900)}, true) RETURNING event.id`,
    () => "ALTER TABLE member ADD COLUMN phone VARCHAR(32), ADD COLUMN address TEXT",
  ]),
];
