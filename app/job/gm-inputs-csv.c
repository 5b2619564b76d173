/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-inputs-private.h"
#include "gm-json.h"

/* A quote that is never closed must not fill memory. */
#define MAX_FIELD (16 * 1024 * 1024)

typedef enum
{
  FIELD_START,
  FIELD_PLAIN,
  FIELD_QUOTED,
  FIELD_CLOSED,
} FieldState;

typedef struct
{
  GmInputs    base;

  /* Owned */
  GPtrArray  *names;       /* of the heading; NULL as long as it is not read, or without one */
  GString    *field;       /* what is read of the field at hand */

  /* The record at hand */
  const char *bad;         /* what is wrong with it */
  gint64      first_line;
  gint64      quote_line;  /* where the field's quote was opened */
  guint       n_fields;
  FieldState  state;

  guint       width;       /* fields of the first record */
  gboolean    header;
} Csv;

static void
begin_record (Csv *self)
{
  self->bad = NULL;
  self->n_fields = 0;
  self->state = FIELD_START;
  g_string_truncate (self->field, 0);
  g_string_assign (self->base.text, self->names != NULL ? "{" : "[");
}

static void
end_field (Csv *self)
{
  GString *text = self->base.text;
  guint i = self->n_fields++;

  self->state = FIELD_START;
  if (!g_utf8_validate_len (self->field->str, self->field->len, NULL))
    self->bad = memchr (self->field->str, '\0', self->field->len) != NULL
                ? "a NUL byte in a field" : "a field is not UTF-8";
  else if (self->names == NULL || i < self->names->len)
    {
      if (i > 0)
        g_string_append_c (text, ',');
      if (self->names != NULL)
        {
          gm_json_append_string (text, g_ptr_array_index (self->names, i), -1);
          g_string_append_c (text, ':');
        }
      gm_json_append_string (text, self->field->str, self->field->len);
    }
  g_string_truncate (self->field, 0);
}

/* The field up to a comma or the end; where it stopped. */
static const char *
read_plain (Csv        *self,
            const char *p,
            const char *end)
{
  const char *start = p;

  while (p < end && *p != ',' && *p != '"')
    p++;
  g_string_append_len (self->field, start, p - start);
  if (p < end && *p == '"')
    self->bad = "a quote inside a field that doesn't begin with one";

  return p;
}

/* Up to the closing quote or the end of the line. */
static const char *
read_quoted (Csv        *self,
             const char *p,
             const char *end)
{
  while (p < end)
    {
      const char *quote = memchr (p, '"', end - p);

      g_string_append_len (self->field, p, (quote != NULL ? quote : end) - p);
      if (quote == NULL)
        return end;
      p = quote + 1;
      if (p == end || *p != '"')
        {
          self->state = FIELD_CLOSED;
          return p;
        }
      g_string_append_c (self->field, '"');
      p++;
    }

  return p;
}

/* Reads a line of the record. Returns whether the record is complete. */
static gboolean
read_line (Csv        *self,
           const char *line,
           gsize       len,
           gboolean    ended)
{
  const char *end = line + len;
  /* The CR before the LF belongs to the line only inside quotes. */
  const char *stop = ended && len > 0 && line[len - 1] == '\r' ? end - 1 : end;
  const char *p = line;

  while (self->bad == NULL)
    {
      if (self->state == FIELD_START)
        {
          self->state = p < stop && *p == '"' ? FIELD_QUOTED : FIELD_PLAIN;
          self->quote_line = gm_reader_get_number (self->base.reader);
          p += self->state == FIELD_QUOTED;
        }
      if (self->state == FIELD_PLAIN)
        p = read_plain (self, p, stop);
      else if (self->state == FIELD_QUOTED)
        {
          p = read_quoted (self, p, end);
          if (self->state == FIELD_QUOTED)
            {
              if (ended)
                g_string_append_c (self->field, '\n');
              if (self->field->len > MAX_FIELD)
                self->bad = "a field is too long (is a quote not closed?)";
              return self->bad != NULL;
            }
        }
      if (self->bad != NULL)
        break;
      if (self->state == FIELD_CLOSED && p < stop && *p != ',')
        {
          self->bad = "text after the closing quote of a field";
          break;
        }
      end_field (self);
      if (p >= stop)
        break;
      p++;
    }

  return TRUE;
}

static gboolean
is_empty_line (const char *line,
               gsize       len,
               gboolean    ended)
{
  return len == 0 || (len == 1 && ended && *line == '\r');
}

/* Reads one record, right or wrong. An empty line is one only in a table of one column. */
static GmInputsStatus
read_record (Csv     *self,
             GError **error)
{
  for (;;)
    {
      gboolean ended = FALSE;
      gboolean complete;
      char *line;
      gsize len;
      GmInputsStatus status = gm_reader_next (self->base.reader, &line, &len, &ended, error);
      gint64 number = gm_reader_get_number (self->base.reader);

      if (status == GM_INPUTS_END && self->state == FIELD_QUOTED)
        {
          self->bad = "a quote is not closed";
          return GM_INPUTS_ITEM;
        }
      if (status != GM_INPUTS_ITEM)
        return status;

      if (line != NULL && number == 1 && g_str_has_prefix (line, "\xef\xbb\xbf"))
        {
          line += 3;
          len -= 3;
        }
      if (self->state != FIELD_QUOTED)
        {
          if (line != NULL && self->width != 1 && is_empty_line (line, len, ended))
            continue;
          self->first_line = number;
          begin_record (self);
        }
      if (line == NULL)
        self->bad = "the line is too long";
      complete = line == NULL || read_line (self, line, len, ended);
      if (complete)
        return GM_INPUTS_ITEM;
    }
}

/* From the JSON of the first record. */
static gboolean
take_header (Csv     *self,
             GError **error)
{
  g_autoptr(GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  const char *name = gm_reader_get_name (self->base.reader);
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GString) scratch = g_string_new (NULL);

  if (self->bad != NULL)
    {
      g_set_error (error, GM_JOB_ERROR, GM_JOB_ERROR_INVALID, "%s:%" G_GINT64_FORMAT ": %s",
                   name, self->state == FIELD_QUOTED ? self->quote_line : self->first_line,
                   self->bad);
      return FALSE;
    }
  g_string_append_c (self->base.text, ']');
  for (const char *p = self->base.text->str + 1; *p != ']'; p += *p == ',')
    {
      g_string_truncate (scratch, 0);
      p = gm_json_unescape (scratch, p);
      g_ptr_array_add (names, g_strdup (scratch->str));
      if (!g_hash_table_add (seen, g_ptr_array_index (names, names->len - 1)))
        {
          g_set_error (error, GM_JOB_ERROR, GM_JOB_ERROR_INVALID,
                       "%s:%" G_GINT64_FORMAT ": the column \"%s\" is there twice",
                       name, self->first_line, scratch->str);
          return FALSE;
        }
    }
  self->names = g_steal_pointer (&names);
  self->width = self->names->len;
  self->state = FIELD_START;

  return TRUE;
}

static GmInputsStatus
read_header (Csv     *self,
             GError **error)
{
  GmInputsStatus status = read_record (self, error);

  if (status == GM_INPUTS_ITEM && !take_header (self, error))
    return GM_INPUTS_ERROR;

  return status;
}

static GmInputsStatus
csv_next (GmInputs  *base,
          GmItem    *item,
          GError   **error)
{
  Csv *self = (Csv *) base;
  GmInputsStatus status = GM_INPUTS_ITEM;

  if (self->header && self->names == NULL)
    status = read_header (self, error);
  if (status == GM_INPUTS_ITEM)
    status = read_record (self, error);
  if (status != GM_INPUTS_ITEM)
    return status;

  if (self->width == 0)
    self->width = self->n_fields;
  if (self->bad != NULL)
    gm_item_set_bad (item, base,
                     self->state == FIELD_QUOTED ? self->quote_line : self->first_line,
                     "%s", self->bad);
  else if (self->names != NULL && self->n_fields != self->names->len)
    gm_item_set_bad (item, base, self->first_line, "expected %u fields as in the heading, got %u",
                     self->names->len, self->n_fields);
  else
    {
      g_string_append_c (base->text, self->names != NULL ? '}' : ']');
      gm_item_set_text (item, base);
    }
  self->state = FIELD_START;

  return GM_INPUTS_ITEM;
}

static gboolean
csv_can_have (GmInputs   *base,
              const char *name)
{
  Csv *self = (Csv *) base;

  return self->names == NULL || g_ptr_array_find_with_equal_func (self->names, name, g_str_equal,
                                                                  NULL);
}

static void
csv_free (GmInputs *base)
{
  Csv *self = (Csv *) base;

  g_clear_pointer (&self->names, g_ptr_array_unref);
  g_string_free (self->field, TRUE);
  gm_inputs_release (base);
}

/**
 * gm_inputs_open_csv:
 * @opening: what is opened
 *
 * The records of a table. The heading of a file is read at once, so that what is wrong with it
 * shows before anything runs; a pipe may not have one yet.
 *
 * Returns: (transfer full) (nullable): the inputs, or %NULL with the error set
 */
GmInputs *
gm_inputs_open_csv (GmOpening *opening)
{
  Csv *self = gm_inputs_alloc (sizeof (Csv));
  g_autoptr(GError) local_error = NULL;

  self->base.next = csv_next;
  self->base.free = csv_free;
  self->base.can_have = csv_can_have;
  self->header = opening->spec->header;
  self->field = g_string_new (NULL);
  if (!gm_inputs_open_reader (&self->base, opening, '\n'))
    {
      gm_inputs_free (&self->base);
      return NULL;
    }
  if (self->header && gm_reader_is_file (self->base.reader)
      && read_header (self, &local_error) == GM_INPUTS_ERROR)
    {
      gm_opening_fail (opening, "%s", local_error->message);
      gm_inputs_free (&self->base);
      return NULL;
    }

  return &self->base;
}
