/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "mp-request-private.h"

#include "mp-payload-private.h"

/* Requests and replies are values of MP_REQUEST_TYPE and MP_REPLY_TYPE, but only what is inside
 * them is known to GVariant: to build and take apart the outer tuples with it costs a third of a
 * whole call. In memory, as GVariant has it:
 *
 *   request  serial, thread, timeout, id; method, NUL; to a multiple of 8; arguments, NUL, their
 *            type; where the method ends
 *   reply    serial, failed; to a multiple of 8; value, NUL, its type
 */
typedef struct
{
  guint32 serial;
  guint32 thread;
  gint64  timeout;
  guint64 id;
} RequestHead;

typedef struct
{
  guint32 serial;
  guint8  failed;
  guint8  padding[3];
} ReplyHead;

G_STATIC_ASSERT (sizeof (RequestHead) == 24);
G_STATIC_ASSERT (sizeof (ReplyHead) == 8);

static gsize
align (gsize offset)
{
  return (offset + 7) / 8 * 8;
}

/* How many bytes tell an offset in a container of @size bytes, these included. */
static gsize
get_offset_size (gsize size)
{
  return size <= G_MAXUINT8 ? 1 : size <= G_MAXUINT16 ? 2 : size <= G_MAXUINT32 ? 4 : 8;
}

static gsize
get_variant_size (GVariant *value)
{
  return g_variant_get_size (value) + 1 + strlen (g_variant_get_type_string (value));
}

/* @at is a multiple of 8. */
static void
store_variant (GVariant *value,
               guint8   *at)
{
  const char *type = g_variant_get_type_string (value);
  gsize size = g_variant_get_size (value);

  if (size > 0)
    g_variant_store (value, at);
  at[size] = '\0';
  memcpy (at + size + 1, type, strlen (type));
}

/* Returns: (transfer full): the bytes */
guint8 *
_mp_request_encode (const MpRequest *request,
                    gsize           *size)
{
  const RequestHead head = { request->serial, request->thread, request->timeout, request->id };
  guint64 end = sizeof head + strlen (request->method) + 1;
  gsize inner = align (end) + get_variant_size (request->args);
  gsize offset_size = 1;
  guint8 *data;

  while (get_offset_size (inner + offset_size) > offset_size)
    offset_size *= 2;
  *size = inner + offset_size;
  data = g_malloc (*size);
  memcpy (data, &head, sizeof head);
  memcpy (data + sizeof head, request->method, end - sizeof head);
  memset (data + end, 0, align (end) - end);
  store_variant (request->args, data + align (end));
  end = GUINT64_TO_LE (end);
  memcpy (data + inner, &end, offset_size);
  return data;
}

gsize
_mp_reply_get_size (GVariant *value)
{
  return sizeof (ReplyHead) + get_variant_size (value);
}

/* @at has room for it, and is a multiple of 8. */
void
_mp_reply_store (const MpReply *reply,
                 guint8        *at)
{
  const ReplyHead head = { .serial = reply->serial, .failed = reply->failed != FALSE };

  memcpy (at, &head, sizeof head);
  store_variant (reply->value, at + sizeof head);
}

/* The value that lies in @block from @begin to @end with its type. Takes @block.
 *
 * Returns: (transfer full) (nullable): NULL if there is none, or it has descriptors, which do not
 *   come this way */
static GVariant *
take_variant (MpBlock *block,
              gsize    begin,
              gsize    end)
{
  const char *data = (const char *) block->data + begin;
  const char *limit = (const char *) block->data + end;
  const char *nul = begin < end ? memrchr (data, '\0', end - begin) : NULL;
  const char *type = nul != NULL ? nul + 1 : NULL;
  const char *type_end;
  g_autoptr (GVariant) value = NULL;

  if (type == NULL || !g_variant_type_string_scan (type, limit, &type_end) || type_end != limit
      || !g_variant_type_is_definite ((const GVariantType *) type))
    {
      _mp_block_free (block);
      return NULL;
    }
  value = g_variant_ref_sink (g_variant_new_from_data ((const GVariantType *) type, data,
                                                       nul - data, FALSE,
                                                       (GDestroyNotify) _mp_block_free, block));
  if (!g_variant_is_normal_form (value) || _mp_handles_present (value))
    return NULL;
  return g_steal_pointer (&value);
}

/* Returns: the block of a value of @type, which @message does not have any more; NULL for anything
 *   else */
static MpBlock *
take_block (MpMessage  *message,
            const char *type)
{
  MpBlock *block = NULL;

  if (message->kind == MP_MESSAGE_VALUE && message->block->n_fds == 0
      && message->block->size <= MP_MAX_PAYLOAD && g_str_equal (message->type, type))
    block = g_steal_pointer (&message->block);
  _mp_message_clear (message);
  return block;
}

/* Where the method of a request ends, 0 if it has none. */
static gsize
find_method_end (const guint8 *data,
                 gsize         size)
{
  gsize offset_size = get_offset_size (size);
  guint64 end = 0;

  if (size < sizeof (RequestHead) + 1 + offset_size)
    return 0;
  memcpy (&end, data + size - offset_size, offset_size);
  end = GUINT64_FROM_LE (end);
  if (end <= sizeof (RequestHead) || end > size - offset_size || data[end - 1] != '\0'
      || !g_utf8_validate_len ((const char *) data + sizeof (RequestHead),
                               end - 1 - sizeof (RequestHead), NULL))
    return 0;
  return end;
}

/* Takes what is in @message. Returns: FALSE if that is no request */
gboolean
_mp_request_decode (MpMessage *message,
                    MpRequest *request)
{
  MpBlock *block = take_block (message, MP_REQUEST_TYPE);
  const guint8 *data = block != NULL ? block->data : NULL;
  gsize size = block != NULL ? block->size : 0;
  gsize end = find_method_end (data, size);
  RequestHead head;

  if (end == 0)
    {
      g_clear_pointer (&block, _mp_block_free);
      return FALSE;
    }
  memcpy (&head, data, sizeof head);
  *request = (MpRequest) {
    head.serial, head.thread, head.timeout, head.id,
    .method = (const char *) data + sizeof head,
    .args = take_variant (block, align (end), size - get_offset_size (size)),
  };
  return request->args != NULL;
}

/* Takes what is in @message. Returns: FALSE if that is no reply */
gboolean
_mp_reply_decode (MpMessage *message,
                  MpReply   *reply)
{
  MpBlock *block = take_block (message, MP_REPLY_TYPE);
  ReplyHead head;

  if (block == NULL || block->size < sizeof head)
    {
      g_clear_pointer (&block, _mp_block_free);
      return FALSE;
    }
  memcpy (&head, block->data, sizeof head);
  *reply = (MpReply) {
    head.serial, head.failed != 0, .value = take_variant (block, sizeof head, block->size),
  };
  return reply->value != NULL;
}
