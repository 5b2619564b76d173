/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gm-inputs.h"
#include "gm-json.h"

#include "fuzz.h"

/* The first byte says which kind of stream the rest is and how it is cut; read from a pipe in
 * pieces it gives the same items as from a file at once. */

/* What a pipe takes without a reader, and room for it. */
#define MAX_SIZE 32768

static const char * const kinds[] = {
  "{\"csv\":\"-\"}", "{\"csv\":\"-\",\"header\":false}", "{\"lines\":\"-\"}",
  "{\"lines\":\"-\",\"separator\":\"NUL\"}", "{\"jsonl\":\"-\"}",
};

static void
check_item (GmItem *item)
{
  g_autoptr(GString) compact = g_string_new (NULL);

  g_assert_cmpint (item->data[item->size], ==, 0);
  if (item->kind == GM_ITEM_JSON)
    {
      g_assert_true (gm_json_compact (compact, item->data, item->size, NULL, NULL));
      g_assert_cmpstr (compact->str, ==, item->data);
    }
  else if (item->kind == GM_ITEM_BAD)
    g_assert_true (g_utf8_validate_len (item->data, item->size, NULL));
  else
    g_assert_false (g_utf8_validate_len (item->data, item->size, NULL));
}

/* Appends what there is now, each item with its kind. */
static GmInputsStatus
drain (GmInputs *inputs,
       GString  *all)
{
  g_autoptr(GError) error = NULL;
  GmInputsStatus status;
  GmItem item;

  while ((status = gm_inputs_next (inputs, &item, &error)) == GM_INPUTS_ITEM)
    {
      check_item (&item);
      g_string_append_printf (all, "%d:", item.kind);
      g_string_append_len (all, item.data, item.size);
      g_string_append_c (all, '\n');
    }
  if (status == GM_INPUTS_ERROR)
    g_string_append (all, error->message);

  return status;
}

static void
write_all (int           fd,
           const guint8 *data,
           gsize         size)
{
  if (size > 0)
    g_assert_cmpint (write (fd, data, size), ==, size);
}

static gboolean
read_at_once (GmJob        *job,
              const guint8 *data,
              gsize         size,
              GString      *all)
{
  int fd = memfd_create ("fuzz", MFD_CLOEXEC);
  g_autoptr(GmInputs) inputs = NULL;

  write_all (fd, data, size);
  lseek (fd, 0, SEEK_SET);
  inputs = gm_inputs_open (job, fd, NULL);
  if (inputs != NULL)
    g_assert_cmpint (drain (inputs, all), ==, GM_INPUTS_END);
  close (fd);

  return inputs != NULL;
}

/* Returns FALSE if reading failed. */
static gboolean
read_in_pieces (GmJob        *job,
                const guint8 *data,
                gsize         size,
                gsize         piece,
                GString      *all)
{
  g_autoptr(GmInputs) inputs = NULL;
  GmInputsStatus status = GM_INPUTS_WAIT;
  int fds[2];

  g_assert_cmpint (pipe (fds), ==, 0);
  inputs = gm_inputs_open (job, fds[0], NULL);
  for (gsize done = 0; done < size && status == GM_INPUTS_WAIT; done += MIN (piece, size - done))
    {
      write_all (fds[1], data + done, MIN (piece, size - done));
      status = drain (inputs, all);
    }
  close (fds[1]);
  if (status == GM_INPUTS_WAIT)
    status = drain (inputs, all);
  g_assert_cmpint (status, !=, GM_INPUTS_WAIT);
  close (fds[0]);

  return status == GM_INPUTS_END;
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        size_t        size)
{
  g_autoptr(GString) at_once = g_string_new (NULL);
  g_autoptr(GString) in_pieces = g_string_new (NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(GmJob) job = NULL;
  g_autofree char *text = NULL;
  gboolean opened;

  if (size == 0 || size > MAX_SIZE)
    return 0;
  text = g_strdup_printf ("{\"mpjob\":1,\"task\":{\"command\":[\"true\"]},\"inputs\":%s}",
                          kinds[*data % G_N_ELEMENTS (kinds)]);
  job = gm_job_new_from_data (text, strlen (text), NULL, "/", &error);
  g_assert_no_error (error);

  opened = read_at_once (job, data + 1, size - 1, at_once);
  g_assert_true (read_in_pieces (job, data + 1, size - 1, 1 + *data / G_N_ELEMENTS (kinds),
                                 in_pieces) == opened);
  if (opened)
    g_assert_cmpstr (in_pieces->str, ==, at_once->str);

  return 0;
}
