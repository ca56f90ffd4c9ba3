import type { KnownNames } from "./place.js";

/** Keys of an annotation instance and of the connectors' options: the vendor's own words, which say nothing about anyone. */
export const WELL_KNOWN: ReadonlySet<string> = new Set(
  (
    "x_min y_min x_max y_max width height center_x center_y points nodes edges p1 p2 cp front_face rear_face angle radius rotation_euler_angles " +
    "position_3d center_3d max_point_3d min_point_3d dimensions_3d lonlat coords bounds bounds_lonlat start_sentence end_sentence start_token end_token " +
    "start_char end_char sentence start_time end_time frame_number label_file_id label_file attribute_groups interpolated machine_made verified rating " +
    "rating_comment score mask_url mask_blob_dir preview_image_url preview_image_blob_dir creation_ref_id client_created_time soft_delete " +
    "instance_list instance_list_new instance_list_existing_ids new_instance_list_missing_ids missing_ids error info warning success label name type id x y z " +
    "url_signed url_signed_thumb url_signed_blob_path url_public image video text_file path file_name bucket bucket_name event_data opts " +
    "annotations categories images segmentation bbox features geometry coordinates polygon box boxes mask counts size description email phone"
  ).split(" "),
);

/** Names that were keyed or looked up, at most: the same few come with every event, and hostile ones come once. */
const REMEMBERED = 4096;

/** Keeps what was found of each name, as a walk and the inventory ask for the same ones in turns. */
export function rememberingNames(names: KnownNames): KnownNames {
  const has = new Map<string, boolean>();
  const isRuleKey = new Map<string, boolean>();
  const isNumberName = new Map<string, boolean>();
  const remembered = (known: Map<string, boolean>, name: string, find: (name: string) => boolean): boolean => {
    let found = known.get(name);
    if (found === undefined) {
      found = find(name);
      if (name.length <= 64 && known.size < REMEMBERED) known.set(name, found);
    }
    return found;
  };
  return {
    has: (name) => remembered(has, name, (one) => names.has(one)),
    isRuleKey: (name) => remembered(isRuleKey, name, (one) => names.isRuleKey(one)),
    isNumberName: (name) => remembered(isNumberName, name, (one) => names.isNumberName(one)),
  };
}

/** Keeps what names are shown as, so that an event whose keys are those of the last costs no HMAC for each. */
export function remembering(short: (value: string) => string): (value: string) => string {
  const known = new Map<string, string>();
  return (value) => {
    let shown = known.get(value);
    if (shown === undefined) {
      shown = short(value);
      if (known.size >= REMEMBERED) known.clear();
      if (value.length <= 64) known.set(value, shown);
    }
    return shown;
  };
}
