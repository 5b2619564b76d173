/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "gm-draft.h"

#include "gm-draft-text.h"
#include "gm-json.h"
#include "gm-template.h"

/**
 * GmDraft:
 *
 * A job file that is being written. Its text is the truth; form and source change it and read it,
 * so neither can lose what it does not know.
 */
struct _GmDraft
{
  GObject parent_instance;

  /* Owned */
  char     *path;        /* NULL: has no file yet */
  char     *base_dir;
  char     *saved;       /* the text in the file */
  char     *text;
  JsonNode *root;        /* NULL: the text isn't a JSON object */
  GmJob    *job;         /* NULL: the text isn't a valid job */
  char     *title;
  char     *error;       /* NULL: none */
  char     *error_path;  /* `$.task.command`, or NULL */

  GmDraftLack missing;
  guint     error_line;  /* from 1; 0: none */
};

enum
{
  PROP_0,
  PROP_TITLE,
  PROP_MODIFIED,
  N_PROPS
};

enum
{
  CHANGED,
  N_SIGNALS
};

G_DEFINE_FINAL_TYPE (GmDraft, gm_draft, G_TYPE_OBJECT)

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static char *
make_title (GmDraft *self)
{
  JsonNode *name = gm_draft_get_member (self, "name");

  if (name != NULL && JSON_NODE_HOLDS_VALUE (name)
      && json_node_get_value_type (name) == G_TYPE_STRING && *json_node_get_string (name) != '\0')
    return json_node_dup_string (name);
  if (self->path != NULL)
    return g_filename_display_basename (self->path);

  return g_strdup (_("New Job"));
}

/* `NAME:LINE: PATH: what is wrong`, as gm_job_set_error() words it. */
static void
take_error (GmDraft    *self,
            const char *display_name,
            const char *message)
{
  const char *place = message;
  const char *end;

  if (g_str_has_prefix (message, display_name) && message[strlen (display_name)] == ':')
    {
      char *after;

      self->error_line = (guint) g_ascii_strtoull (message + strlen (display_name) + 1, &after, 10);
      end = strstr (after, ": ");
      place = end != NULL ? end + 2 : after;
    }
  end = *place == '$' ? strstr (place, ": ") : NULL;
  if (end != NULL)
    {
      self->error_path = g_strndup (place, end - place);
      self->error = g_strdup (end + 2);
    }
  else
    self->error = g_strdup (place);
}

static void
clear_error (GmDraft *self)
{
  g_clear_pointer (&self->error, g_free);
  g_clear_pointer (&self->error_path, g_free);
  self->error_line = 0;
}

static gboolean
is_blank (JsonNode *node)
{
  const char *text;

  if (JSON_NODE_HOLDS_ARRAY (node))
    return json_array_get_length (json_node_get_array (node)) == 0;
  if (JSON_NODE_HOLDS_OBJECT (node))
    return json_object_get_size (json_node_get_object (node)) == 0;
  text = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;

  return text != NULL && text[strspn (text, " \t\n")] == '\0';
}

static gboolean
has_blank (GmDraft            *self,
           const char * const *paths)
{
  for (guint i = 0; paths[i] != NULL; i++)
    {
      JsonNode *node = gm_draft_get_member (self, paths[i]);

      if (node != NULL && is_blank (node))
        return TRUE;
    }

  return FALSE;
}

/* What is not there yet is no mistake: it is asked for instead. */
static void
find_missing (GmDraft *self)
{
  static const char * const tasks[] = {
    "task/command", "task/shell", "task/function", "task/worker", NULL
  };
  static const char * const inputs[] = {
    "inputs/files", "inputs/glob", "inputs/items", "inputs/range", "inputs/lines", "inputs/csv",
    "inputs/jsonl", "inputs/product", NULL
  };
  gboolean no_task = has_blank (self, tasks);
  gboolean no_inputs = has_blank (self, inputs);

  self->missing = 0;
  if (self->error != NULL
      && !(no_task && self->error_path != NULL && g_str_has_prefix (self->error_path, "$.task."))
      && !(no_inputs && self->error_path != NULL
           && g_str_has_prefix (self->error_path, "$.inputs.")))
    return;
  self->missing = (no_task ? GM_DRAFT_LACKS_TASK : 0) | (no_inputs ? GM_DRAFT_LACKS_INPUTS : 0);
}

static void
check (GmDraft *self)
{
  g_autofree char *name = self->path != NULL ? g_filename_display_basename (self->path)
                                             : g_strdup ("job");
  g_autoptr(GError) error = NULL;
  g_autofree char *title = NULL;

  clear_error (self);
  g_clear_pointer (&self->root, json_node_unref);
  g_clear_pointer (&self->job, gm_job_unref);
  self->root = gm_json_parse (self->text, strlen (self->text), NULL, NULL);
  if (self->root != NULL && !JSON_NODE_HOLDS_OBJECT (self->root))
    g_clear_pointer (&self->root, json_node_unref);
  self->job = gm_job_new_from_data (self->text, strlen (self->text), name, self->base_dir, &error);
  if (self->job == NULL)
    take_error (self, name, error->message);
  find_missing (self);
  title = make_title (self);
  if (g_strcmp0 (title, self->title) != 0)
    {
      g_free (self->title);
      self->title = g_steal_pointer (&title);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TITLE]);
    }
}

static void
set_text (GmDraft *self,
          char    *text)
{
  g_autofree char *owned = text;
  gboolean was_modified = gm_draft_get_modified (self);

  g_free (self->text);
  self->text = g_steal_pointer (&owned);
  check (self);
  if (was_modified != gm_draft_get_modified (self))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MODIFIED]);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
gm_draft_finalize (GObject *object)
{
  GmDraft *self = GM_DRAFT (object);

  g_free (self->path);
  g_free (self->base_dir);
  g_free (self->saved);
  g_free (self->text);
  g_clear_pointer (&self->root, json_node_unref);
  g_clear_pointer (&self->job, gm_job_unref);
  g_free (self->title);
  clear_error (self);

  G_OBJECT_CLASS (gm_draft_parent_class)->finalize (object);
}

static void
gm_draft_get_property (GObject    *object,
                       guint       prop_id,
                       GValue     *value,
                       GParamSpec *pspec)
{
  GmDraft *self = GM_DRAFT (object);

  switch (prop_id)
    {
    case PROP_TITLE:
      g_value_set_string (value, self->title);
      break;
    case PROP_MODIFIED:
      g_value_set_boolean (value, gm_draft_get_modified (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gm_draft_class_init (GmDraftClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = gm_draft_finalize;
  object_class->get_property = gm_draft_get_property;

  properties[PROP_TITLE] =
    g_param_spec_string ("title", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_MODIFIED] =
    g_param_spec_boolean ("modified", NULL, NULL, FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * GmDraft::changed:
   *
   * The text, or what is wrong with it, is another one now.
   */
  signals[CHANGED] = g_signal_new ("changed", GM_TYPE_DRAFT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
}

static void
gm_draft_init (GmDraft *self)
{
}

/**
 * gm_draft_new_for_text:
 * @text: text of a job file
 * @base_dir: (nullable) (type filename): what its relative paths are relative to; the home folder
 *   if %NULL
 *
 * Returns: (transfer full): a draft that has no file yet
 */
GmDraft *
gm_draft_new_for_text (const char *text,
                       const char *base_dir)
{
  GmDraft *self = g_object_new (GM_TYPE_DRAFT, NULL);

  self->base_dir = g_strdup (base_dir != NULL ? base_dir : g_get_home_dir ());
  self->text = g_strdup (text);
  self->saved = g_strdup (text);
  check (self);

  return self;
}

/**
 * gm_draft_new:
 *
 * Returns: (transfer full): a job of which nothing is written yet
 */
GmDraft *
gm_draft_new (void)
{
  g_autofree char *text = gm_draft_text_new (NULL);

  return gm_draft_new_for_text (text, NULL);
}

/**
 * gm_draft_new_for_inputs:
 * @paths: (array zero-terminated=1): files and folders, in UTF-8
 *
 * Returns: (transfer full): a new job with these as its inputs
 */
GmDraft *
gm_draft_new_for_inputs (const char * const *paths)
{
  g_autofree char *text = gm_draft_text_new (paths);

  return gm_draft_new_for_text (text, NULL);
}

/**
 * gm_draft_new_for_file:
 * @path: (type filename): a job file
 *
 * Opens a job file, also one that has mistakes in it or can't be read: gm_draft_get_error() says.
 *
 * Returns: (transfer full): the draft
 */
GmDraft *
gm_draft_new_for_file (const char *path)
{
  GmDraft *self = g_object_new (GM_TYPE_DRAFT, NULL);
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;
  gsize size;

  self->path = g_canonicalize_filename (path, NULL);
  self->base_dir = g_path_get_dirname (self->path);
  if (!g_file_get_contents (self->path, &text, &size, &error))
    text = g_strdup ("");
  self->text = error == NULL ? g_utf8_make_valid (text, size) : g_strdup ("");
  self->saved = g_strdup (self->text);
  check (self);
  if (error == NULL && !g_utf8_validate (text, size, NULL))
    {
      g_autofree char *name = g_filename_display_basename (self->path);
      g_autoptr(GError) invalid = NULL;
      g_autoptr(GmJob) job = gm_job_new_from_data (text, size, name, self->base_dir, &invalid);

      clear_error (self);
      self->missing = 0;
      take_error (self, name, invalid != NULL ? invalid->message : _("It is not UTF-8"));
      g_clear_pointer (&self->job, gm_job_unref);
    }
  if (error != NULL)
    {
      clear_error (self);
      self->missing = 0;
      self->error = g_strdup (error->message);
    }

  return self;
}

/**
 * gm_draft_duplicate:
 * @self: a draft
 *
 * Returns: (transfer full): the same job without a file
 */
GmDraft *
gm_draft_duplicate (GmDraft *self)
{
  return gm_draft_new_for_text (self->text, self->base_dir);
}

const char *
gm_draft_get_path (GmDraft *self)
{
  return self->path;
}

const char *
gm_draft_get_base_dir (GmDraft *self)
{
  return self->base_dir;
}

const char *
gm_draft_get_title (GmDraft *self)
{
  return self->title;
}

/**
 * gm_draft_get_modified:
 * @self: a draft
 *
 * Returns: whether something would be lost without saving
 */
gboolean
gm_draft_get_modified (GmDraft *self)
{
  return g_strcmp0 (self->text, self->saved) != 0;
}

/**
 * gm_draft_get_missing:
 * @self: a draft
 *
 * Returns: what has to be written before it can run, if that is all that is wrong with it
 */
GmDraftLack
gm_draft_get_missing (GmDraft *self)
{
  return self->missing;
}

const char *
gm_draft_get_text (GmDraft *self)
{
  return self->text;
}

/**
 * gm_draft_set_text:
 * @self: a draft
 * @text: its new text
 *
 * For the source.
 */
void
gm_draft_set_text (GmDraft    *self,
                   const char *text)
{
  if (g_strcmp0 (self->text, text) != 0)
    set_text (self, g_strdup (text));
}

/**
 * gm_draft_get_job:
 * @self: a draft
 *
 * Returns: (nullable) (transfer none): the job; %NULL as long as there is an error
 */
GmJob *
gm_draft_get_job (GmDraft *self)
{
  return self->error == NULL ? self->job : NULL;
}

/**
 * gm_draft_get_error:
 * @self: a draft
 *
 * Returns: (nullable): what is wrong, without the place
 */
const char *
gm_draft_get_error (GmDraft *self)
{
  return self->error;
}

/**
 * gm_draft_get_error_path:
 * @self: a draft
 *
 * Returns: (nullable): the value that is wrong: `$.task.command[0]`
 */
const char *
gm_draft_get_error_path (GmDraft *self)
{
  return self->error_path;
}

/**
 * gm_draft_get_error_line:
 * @self: a draft
 *
 * Returns: the line that is wrong, 0 if there is none
 */
guint
gm_draft_get_error_line (GmDraft *self)
{
  return self->error_line;
}

/**
 * gm_draft_get_has_syntax:
 * @self: a draft
 *
 * Returns: whether it is a JSON object at least, so that a form can show it
 */
gboolean
gm_draft_get_has_syntax (GmDraft *self)
{
  return self->root != NULL;
}

/**
 * gm_draft_get_member:
 * @self: a draft
 * @path: `key` or `key/key`
 *
 * Returns: (nullable) (transfer none): the value there
 */
JsonNode *
gm_draft_get_member (GmDraft    *self,
                     const char *path)
{
  g_auto(GStrv) keys = g_strsplit (path, "/", 2);
  JsonNode *node = self->root;

  for (guint i = 0; keys[i] != NULL && node != NULL; i++)
    {
      /* An array is short for {"items": …}. */
      if (i == 1 && JSON_NODE_HOLDS_ARRAY (node) && g_str_equal (path, "inputs/items"))
        return node;
      node = JSON_NODE_HOLDS_OBJECT (node)
               ? json_object_get_member (json_node_get_object (node), keys[i]) : NULL;
    }

  return node;
}

/**
 * gm_draft_set_member:
 * @self: a draft
 * @path: `key` or `key/key`
 * @value: (nullable) (transfer full): what shall be there, %NULL for nothing
 *
 * For the form. Everything else stays as it is.
 */
void
gm_draft_set_member (GmDraft    *self,
                     const char *path,
                     JsonNode   *value)
{
  g_autoptr(JsonNode) owned = value;
  char *text;

  if (self->root == NULL)
    return;
  text = gm_draft_text_with_member (self->root, path, value);
  if (g_str_equal (text, self->text) && self->error == NULL)
    g_free (text);
  else
    set_text (self, text);
}

/**
 * gm_draft_set_inputs:
 * @self: a draft
 * @paths: (array zero-terminated=1): files and folders, in UTF-8
 *
 * Makes these its inputs.
 */
void
gm_draft_set_inputs (GmDraft            *self,
                     const char * const *paths)
{
  gm_draft_set_member (self, "inputs", gm_draft_text_inputs (paths));
}

/**
 * gm_draft_dup_folder:
 * @self: a draft
 *
 * Returns: (transfer full): where its tasks run: an absolute path, with replacement strings if they
 *   run in several folders
 */
char *
gm_draft_dup_folder (GmDraft *self)
{
  JsonNode *node = gm_draft_get_member (self, "cwd");
  const char *cwd = node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node)
                                                                 : NULL;

  return g_canonicalize_filename (cwd != NULL ? cwd : ".", self->base_dir);
}

/**
 * gm_draft_set_folder:
 * @self: a draft
 * @path: an absolute path, in UTF-8
 *
 * Its tasks run there. The folder of the job file needs no mention.
 */
void
gm_draft_set_folder (GmDraft    *self,
                     const char *path)
{
  g_autofree char *text = gm_template_escape (path);

  gm_draft_set_member (self, "cwd", g_str_equal (path, self->base_dir)
                                      ? NULL
                                      : json_node_init_string (json_node_alloc (), text));
}

/**
 * gm_draft_dup_sample:
 * @self: a draft
 *
 * Returns: (transfer full): its text; if it lacks its task, with one that does nothing, so that its
 *   inputs can be looked at
 */
char *
gm_draft_dup_sample (GmDraft *self)
{
  static const char nothing[] = "{\"command\":[\"true\"]}";
  g_autoptr(JsonNode) task = NULL;

  if (!(self->missing & GM_DRAFT_LACKS_TASK))
    return g_strdup (self->text);
  task = gm_json_parse (nothing, strlen (nothing), NULL, NULL);

  return gm_draft_text_with_member (self->root, "task", task);
}

/**
 * gm_draft_set_problem:
 * @self: a draft
 * @path: `$.task.command`
 * @message: what is wrong there
 *
 * A field of the form holds what can't be put into the text. This stays so until the next change.
 */
void
gm_draft_set_problem (GmDraft    *self,
                      const char *path,
                      const char *message)
{
  clear_error (self);
  self->missing = 0;
  self->error = g_strdup (message);
  self->error_path = g_strdup (path);
  g_signal_emit (self, signals[CHANGED], 0);
}

/**
 * gm_draft_save:
 * @self: a draft
 * @path: (nullable) (type filename): where; %NULL for where it comes from
 * @error: return location for an error
 *
 * Writes it to a file, which it belongs to from then on. What is relative to a folder stays
 * relative to the same folder's new place: the folder of the new file.
 *
 * Returns: %FALSE if that failed
 */
gboolean
gm_draft_save (GmDraft     *self,
               const char  *path,
               GError     **error)
{
  g_autofree char *target = g_strdup (path != NULL ? path : self->path);

  g_return_val_if_fail (target != NULL, FALSE);

  if (!g_file_set_contents_full (target, self->text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0666,
                                 error))
    return FALSE;
  g_free (self->path);
  self->path = g_steal_pointer (&target);
  g_free (self->base_dir);
  self->base_dir = g_path_get_dirname (self->path);
  g_free (self->saved);
  self->saved = g_strdup (self->text);
  check (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MODIFIED]);
  g_signal_emit (self, signals[CHANGED], 0);

  return TRUE;
}
