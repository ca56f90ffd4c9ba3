import type { JsonNode, JsonObject } from "../../model/json.js";
import type { Shape } from "./shape.js";

/** Keys that an annotation instance has and little else does (docs/traffic.md, "An annotation instance"); the rule's pattern names the same. */
export const INSTANCE_KEYS: ReadonlySet<string> = new Set(
  (
    "x_min y_min x_max y_max center_x center_y points nodes edges p1 p2 cp front_face rear_face rotation_euler_angles position_3d center_3d max_point_3d " +
    "min_point_3d dimensions_3d lonlat bounds_lonlat start_sentence end_sentence start_token end_token start_char end_char label_file_id label_file " +
    "attribute_groups interpolated machine_made rating_comment mask_url mask_blob_dir preview_image_url preview_image_blob_dir creation_ref_id " +
    "client_created_time soft_delete frame_number"
  ).split(" "),
);

/** Keys under which a list of objects is a list of instances, whatever the objects hold. */
const LIST_KEYS: ReadonlySet<string> = new Set(
  "instance_list instance_list_new instance_list_old instance_list_existing instance_buffer instance_buffer_dict instance_template_list instances annotations annotation_list".split(
    " ",
  ),
);

/** How many of the keys make an object an instance. */
const ENOUGH = 3;

export const instanceList: Shape = {
  judge: isInstances,
};

function isInstances(node: JsonNode, key: string | undefined): boolean {
  if (node.kind === "object")
    return isInstance(node) || (key !== undefined && LIST_KEYS.has(key) && node.members.some(({ value }) => holdsObjects(value)));
  if (node.kind !== "array") return false;
  return (
    node.items.some((item) => item.kind === "object" && isInstance(item)) || (key !== undefined && LIST_KEYS.has(key) && holdsObjects(node))
  );
}

function isInstance(node: JsonObject): boolean {
  let count = 0;
  for (const { key } of node.members) if (INSTANCE_KEYS.has(key.text)) count += 1;
  // Pairs in a text may repeat one: `x_min=1 x_min=2 x_min=3` is no instance.
  return count >= ENOUGH && new Set(node.members.flatMap(({ key }) => (INSTANCE_KEYS.has(key.text) ? [key.text] : []))).size >= ENOUGH;
}

function holdsObjects(node: JsonNode): boolean {
  return node.kind === "array" && node.items.some((item) => item.kind === "object" && item.members.length > 0);
}
