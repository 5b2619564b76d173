/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <libmp/mp-payload-private.h>

#include "pool-test.h"

/* Values in a pool's memory, which whoever maps it may have damaged. */

static void
store (MpArena   *arena,
       guint64    offset,
       GVariant  *variant,
       MpPayload *value)
{
  g_autoptr(GVariant) owned = g_variant_ref_sink (variant);

  _mp_payload_store (owned, offset, _mp_arena_at (arena, offset), value);
}

static void
assert_damaged (MpRange    range,
                MpPayload *value)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (_mp_payload_load (range, value, NULL, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE);
}

/* A worker's results are looked for in its own region, and a type not beyond its end. */
static void
test_regions (void)
{
  g_autoptr(MpArena) arena = _mp_arena_new (NULL);
  MpRange own = _mp_arena_region (arena, 3);
  MpPayload value;

  store (arena, own.start + 64, g_variant_new ("(is)", 5, "five"), &value);
  assert_value (_mp_payload_load (own, &value, NULL, NULL), "(5, 'five')");
  assert_damaged (_mp_arena_region (arena, 2), &value);
  assert_damaged (_mp_arena_items (arena), &value);
  value.size = arena->region_size;
  assert_damaged (own, &value);
  value = (MpPayload) { own.end - 4, 4, MP_VALUE_VARIANT };
  assert_damaged (own, &value);
  memset (_mp_arena_at (arena, own.end - 4), 'i', 4);
  value = (MpPayload) { own.end - 4, 1, MP_VALUE_VARIANT };
  assert_damaged (own, &value);
  value = (MpPayload) { own.end - 4, 4, MP_VALUE_BYTES };
  assert_value (_mp_payload_load (own, &value, NULL, NULL), "[byte 0x69, 0x69, 0x69, 0x69]");
  value.data++;
  assert_damaged (own, &value);
  value = (MpPayload) { 0, 0, MP_VALUE_BYTES };
  assert_value (_mp_payload_load (own, &value, NULL, NULL), "@ay []");
  value.type = 'Z';
  assert_damaged (own, &value);
}

/* What is wrong is told, and not what was wrong last. */
static void
test_not_an_arena (void)
{
  g_autoptr(GError) error = NULL;
  int fd = open ("/dev/null", O_RDWR | O_CLOEXEC);

  g_assert_cmpint (open ("/", O_RDWR), ==, -1);
  g_assert_null (_mp_arena_open (fd, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
  g_assert_null (strstr (error->message, g_strerror (EISDIR)));
}

int
main (int    argc,
      char **argv)
{
  begin_tests (&argc, &argv);
  g_test_add_func ("/payload/regions", test_regions);
  g_test_add_func ("/payload/not-an-arena", test_not_an_arena);
  return g_test_run ();
}
