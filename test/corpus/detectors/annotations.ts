import type { JsonRecord, JsonValue, Split } from "../labelled-case.js";
import type { Rng } from "../random.js";
import type { DetectorKind } from "../specimen.js";

const LABELS: Readonly<Record<Split, readonly string[]>> = {
  open: ["pedestrian", "car", "traffic light", "nodule", "bicycle", "helmet", "truck"],
  "held-back": ["lesion", "forklift", "apple scab", "rebar", "cyst", "zebra crossing", "wheat ear"],
};

export const ANNOTATIONS: readonly DetectorKind[] = [
  shape("instance-list", ["instance_list_new", "instances"], ["buffer", "payload"], (rng, split) =>
    list(rng, 1, 4, () => instance(rng, split)),
  ),
  shape("instance", ["instance", "last"], ["current", "item"], (rng, split) => instance(rng, split)),
  shape("box", ["bbox", "box"], ["region", "roi"], (rng, split) => {
    const [x, y, w, h] = [rng.int(0, 900), rng.int(0, 900), rng.int(20, 400), rng.int(20, 400)];
    const held: JsonValue[] = [
      { left: x, top: y, right: x + w, bottom: y + h },
      { xmin: x, ymin: y, xmax: x + w, ymax: y + h, class: rng.pick(LABELS[split]) },
    ];
    return rng.pick(
      split === "open"
        ? [
            { x_min: x, y_min: y, x_max: x + w, y_max: y + h },
            { x, y, width: w, height: h, label: rng.pick(LABELS[split]) },
          ]
        : held,
    );
  }),
  shape("polygon", ["polygon", "points"], ["outline", "ring"], (rng, split) =>
    split === "open" ? points(rng, rng.int(5, 14)) : points(rng, rng.int(6, 16)).map((point) => [point.x, point.y]),
  ),
  shape("polyline", ["polyline"], ["lane", "path_points"], (rng, split) => {
    const path = points(rng, rng.int(6, 12));
    return split === "open"
      ? { type: "line", points: path }
      : { kind: "polyline", vertices: path.map((point) => [point.x, point.y]), closed: false };
  }),
  shape("keypoints", ["keypoints"], ["pose", "joints"], (rng, split) => {
    const flat = Array.from({ length: 17 }, () => [rng.int(10, 900), rng.int(10, 900), rng.int(1, 2)]);
    return split === "open"
      ? { keypoints: flat.flat(), num_keypoints: 17 }
      : flat.map(([x, y, v], index) => ({ name: JOINTS[index % JOINTS.length] ?? "nose", x: x ?? 0, y: y ?? 0, v: v ?? 1 }));
  }),
  shape("cuboid", ["cuboid"], ["box3d", "object3d"], (rng, split) => {
    const metre = (): number => Number((rng.float() * 60 - 30).toFixed(3));
    const open: JsonRecord = {
      type: "cuboid_3d",
      position_3d: { x: metre(), y: metre(), z: metre() },
      dimensions_3d: { width: 1.8, height: 1.6, depth: 4.2 },
      rotation_euler_angles: { x: 0, y: 0, z: 1.57 },
    };
    return split === "open"
      ? open
      : {
          center: { x: metre(), y: metre(), z: metre() },
          size: { length: 4.4, width: 1.9, height: 1.5 },
          yaw: 0.31,
          class: rng.pick(LABELS[split]),
        };
  }),
  shape("rle-mask", ["segmentation", "mask"], ["region", "rle"], (rng, split) => {
    const counts = Array.from({ length: rng.int(24, 60) }, () => rng.int(1, 900));
    return split === "open"
      ? { size: [480, 640], counts }
      : { size: [1080, 1920], counts: rng.text("0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ", rng.int(60, 160)) };
  }),
  shape("token-span", ["spans", "entities"], ["tokens_marked", "mentions"], (rng, split) =>
    list(rng, 2, 5, (index) => {
      const start = index * 20 + rng.int(0, 8);
      return split === "open"
        ? { start_char: start, end_char: start + 7, label: "ORG" }
        : { start, end: start + 6, label: rng.pick(["DRUG", "DOSE", "LOC"]), text: rng.pick(["aspirin", "400 mg", "Lisbon"]) };
    }),
  ),
  shape("coco", ["coco", "export"], ["result", "document"], (rng, split) => {
    const images = [{ id: 1, file_name: "000001.jpg", width: 640, height: 480 }];
    const categories = LABELS[split].slice(0, 3).map((name, index) => ({ id: index + 1, name }));
    const annotations = list(rng, 1, 3, (index) => ({
      id: index + 1,
      image_id: 1,
      category_id: rng.int(1, 3),
      bbox: [rng.int(1, 200), rng.int(1, 200), rng.int(20, 200), rng.int(20, 200)],
      area: rng.int(400, 9000),
      iscrowd: 0,
    }));
    return split === "open" ? { images, annotations, categories } : { annotations, categories };
  }),
  shape("geojson", ["geometry", "geojson"], ["shape", "area"], (rng, split) => {
    const ring = points(rng, 5).map((point) => [Number((point.x / 50).toFixed(5)), Number((point.y / 20).toFixed(5))]);
    const closed: JsonValue[] = [...ring, ring[0] ?? [0, 0]];
    return split === "open"
      ? { type: "Polygon", coordinates: [closed] }
      : { type: "Feature", properties: { class: rng.pick(LABELS[split]) }, geometry: { type: "MultiPolygon", coordinates: [[closed]] } };
  }),
  shape("labelme", ["labelme"], ["sidecar"], (rng, split) => ({
    version: "5.4.1",
    flags: {},
    shapes: list(rng, 1, 3, () => ({
      label: rng.pick(LABELS[split]),
      points: points(rng, 4).map((point) => [point.x, point.y]),
      shape_type: split === "open" ? "polygon" : "linestrip",
      group_id: null,
    })),
    imageHeight: 480,
    imageWidth: 640,
  })),
  {
    kind: "voc",
    category: "annotation",
    open: { keys: ["xml"], prose: ["could not parse {}"] },
    heldBack: { keys: ["document"], prose: ["importer rejected: {}"] },
    draw(rng, split) {
      const objects = list(
        rng,
        1,
        2,
        () =>
          `<object><name>${rng.pick(LABELS[split])}</name><bndbox><xmin>${rng.int(1, 90)}</xmin><ymin>${rng.int(1, 90)}</ymin><xmax>${rng.int(100, 400)}</xmax><ymax>${rng.int(100, 400)}</ymax></bndbox></object>`,
      ).join("");
      return {
        value: `<annotation><folder>in</folder><filename>000012.jpg</filename><size><width>640</width><height>480</height><depth>3</depth></size>${objects}</annotation>`,
      };
    },
  },
  {
    kind: "yolo",
    category: "annotation",
    open: { keys: ["labels_txt"], prose: ["bad label file:\n{}"] },
    heldBack: { keys: ["content"], prose: ["could not convert string to float in\n{}"] },
    draw(rng, split) {
      const box = (): string =>
        `${rng.int(0, 8)} ${[1, 2, 3, 4].map(() => (0.05 + rng.float() * 0.9).toFixed(6)).join(" ")}${split === "open" ? "" : ` ${(0.5 + rng.float() * 0.5).toFixed(4)}`}`;
      return { value: list(rng, 3, 8, box).join("\n") };
    },
  },
  shape("label-names", ["label_names", "labels"], ["classes", "categories"], (rng, split) => rng.sample(LABELS[split], 6)),
];

const JOINTS = ["nose", "left_eye", "right_eye", "left_shoulder", "right_shoulder", "left_hip", "right_knee"];

function instance(rng: Rng, split: Split): JsonRecord {
  const [x, y] = [rng.int(0, 800), rng.int(0, 800)];
  const label = { label_file_id: rng.int(1, 400), label_file: { label: { name: rng.pick(LABELS[split]) } } };
  const tail = { interpolated: false, creation_ref_id: rng.uuid(), attribute_groups: {}, soft_delete: false };
  if (split === "open")
    return { id: rng.int(1000, 99_999), type: "box", x_min: x, y_min: y, x_max: x + 80, y_max: y + 60, ...label, ...tail };
  if (rng.chance(0.5)) return { id: null, type: "ellipse", center_x: x, center_y: y, width: 44, height: 31, angle: 0.4, ...label, ...tail };
  return { id: rng.int(1000, 99_999), type: "polygon", points: points(rng, 5).map((point) => ({ ...point })), ...label, ...tail };
}

function points(rng: Rng, count: number): { x: number; y: number }[] {
  let [x, y] = [rng.int(100, 800), rng.int(100, 700)];
  return Array.from({ length: count }, () => {
    x = Math.max(0, x + rng.int(-40, 40));
    y = Math.max(0, y + rng.int(-40, 40));
    return { x, y };
  });
}

function list<T>(rng: Rng, least: number, most: number, make: (index: number) => T): T[] {
  return Array.from({ length: rng.int(least, most) }, (_, index) => make(index));
}

function shape(
  kind: string,
  openKeys: readonly string[],
  heldBackKeys: readonly string[],
  make: (rng: Rng, split: Split) => JsonValue,
): DetectorKind {
  return {
    kind,
    category: "annotation",
    open: { keys: openKeys, prose: [] },
    heldBack: { keys: heldBackKeys, prose: [] },
    draw: (rng, split) => ({ value: make(rng, split) }),
  };
}
